// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INegRiskAdapter, IToken} from "./Interfaces.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {COLLATERAL_TOKEN, NEG_RISK_ADAPTER, OPERATOR, STANDARD_EXCHANGE, USDCE_TOKEN} from "./Addresses.sol";

/// Settles fills that the simulated venue matched. The exchange itself is the other side of each: it mints the
/// outcome tokens and the collateral that it owes, so that only the account can fail to deliver.
abstract contract Exchange is TokenHolder {
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

    error NotOperator();
    error SettlementBroken();
    error TokenNotOfCondition();

    /// One order's part; side 0 buys `shares` for `usd` and `fee` on top, side 1 sells, `fee` taken out.
    struct Fill {
        bytes32 orderHash;
        address account;
        uint8 side;
        uint256 tokenId;
        bytes32 conditionId;
        uint256 usd;
        uint256 shares;
        uint256 fee;
    }

    IToken internal constant PUSD = IToken(COLLATERAL_TOKEN);
    IToken internal constant USDCE = IToken(USDCE_TOKEN);

    /// Whether settlements fail; both exchanges look at the standard one's.
    bool public broken;

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert NotOperator();
        _;
    }

    function setBroken(bool value) external onlyOperator {
        broken = value;
    }

    /// All or nothing.
    function settle(Fill[] calldata fills) external onlyOperator {
        if (Exchange(STANDARD_EXCHANGE).broken()) revert SettlementBroken();
        for (uint256 i = 0; i < fills.length; i++) {
            if (fills[i].side == 0) _buy(fills[i]);
            else _sell(fills[i]);
        }
    }

    function _buy(Fill calldata fill) private {
        PUSD.transferFrom(fill.account, address(this), fill.usd + fill.fee);
        uint256 held = CTF.balanceOf(address(this), fill.tokenId);
        if (held < fill.shares) {
            USDCE.mint(address(this), fill.shares - held);
            _split(fill.conditionId, fill.shares - held);
            if (CTF.balanceOf(address(this), fill.tokenId) < fill.shares) revert TokenNotOfCondition();
        }
        CTF.safeTransferFrom(address(this), fill.account, fill.tokenId, fill.shares, "");
        _emit(fill, fill.usd, fill.shares);
    }

    function _sell(Fill calldata fill) private {
        CTF.safeTransferFrom(fill.account, address(this), fill.tokenId, fill.shares, "");
        uint256 owed = fill.usd - fill.fee;
        uint256 held = PUSD.balanceOf(address(this));
        if (held < owed) PUSD.mint(address(this), owed - held);
        PUSD.transfer(fill.account, owed);
        _emit(fill, fill.shares, fill.usd);
    }

    function _emit(Fill calldata fill, uint256 given, uint256 taken) private {
        emit OrderFilled(
            fill.orderHash,
            fill.account,
            address(this),
            fill.side,
            fill.tokenId,
            given,
            taken,
            fill.fee,
            bytes32(0),
            bytes32(0)
        );
    }

    function _split(bytes32 conditionId, uint256 amount) internal virtual;
}

contract StandardExchange is Exchange {
    function _split(bytes32 conditionId, uint256 amount) internal override {
        USDCE.approve(address(CTF), amount);
        CTF.splitPosition(USDCE_TOKEN, bytes32(0), conditionId, _both(), amount);
    }
}

contract NegRiskExchange is Exchange {
    function _split(bytes32 conditionId, uint256 amount) internal override {
        USDCE.approve(NEG_RISK_ADAPTER, amount);
        INegRiskAdapter(NEG_RISK_ADAPTER).splitPosition(conditionId, amount);
    }
}
