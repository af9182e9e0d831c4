// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Writes down fills of accounts that stand for nobody: the events of an exchange, with no money behind them.
contract FillEmitter {
    event OrderFilled(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed taker,
        uint8 side,
        uint256 tokenId,
        uint256 makerAmountFilled,
        uint256 takerAmountFilled,
        uint256 fee,
        bytes32 builder,
        bytes32 metadata
    );

    struct Filled {
        bytes32 orderHash;
        address maker;
        address taker;
        uint8 side;
        uint256 tokenId;
        uint256 making;
        uint256 taking;
        uint256 fee;
    }

    function emitFills(Filled[] calldata fills) external {
        for (uint256 i = 0; i < fills.length; i++) {
            Filled calldata each = fills[i];
            emit OrderFilled(
                each.orderHash,
                each.maker,
                each.taker,
                each.side,
                each.tokenId,
                each.making,
                each.taking,
                each.fee,
                bytes32(0),
                bytes32(0)
            );
        }
    }
}
