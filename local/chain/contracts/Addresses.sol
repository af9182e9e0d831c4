// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

// Where everything stands. Nothing here has a constructor: the code is put in place with these constants in it.
address constant CONDITIONAL_TOKENS = 0x4D97DCd97eC945f40cF65F87097ACe5EA0476045;
address constant COLLATERAL_TOKEN = 0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB;
address constant USDCE_TOKEN = 0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174;
address constant WRAPPED_COLLATERAL = 0x3A3BD7bb9528E159577F7C2e685CC81A765002E2;
address constant NEG_RISK_ADAPTER = 0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296;
address constant STANDARD_EXCHANGE = 0xE111180000d2663C0091e4f400237545B87B996B;
address constant PROTOCOL_V2_ROUTER = 0x12121212006e4CD160D18e3f00711DA5c3372600;
address constant POSITION_MANAGER = 0x006F54F7f9A22e0000CC2AB60031000000ae9fEF;

// Accounts of the local chain; nobody has a key to them, the node signs for them.
address constant ORACLE = 0x1000000000000000000000000000000000000001;
address constant OPERATOR = 0x1000000000000000000000000000000000000002;

// The other side of a fill from recorded depth, and where fees go.
address constant HOUSE = 0x4256Fbb53b040F114b19d58a522827EA6a8Fb6AC;
address constant FEE_RECEIVER = 0x1000000000000000000000000000000000000005;
