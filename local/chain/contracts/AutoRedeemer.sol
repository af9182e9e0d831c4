// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IToken} from "./Interfaces.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {COLLATERAL_TOKEN, USDCE_TOKEN, WRAPPED_COLLATERAL} from "./Addresses.sol";

interface IRedeemingAdapter {
    function redeemPositions(address, bytes32, bytes32 conditionId, uint256[] calldata) external;
}

/// Redeems for those who have approved it, in one transaction of its own that pays them.
contract AutoRedeemer is TokenHolder {
    function redeem(address owner, bytes32 conditionId, address adapter, bool negRisk) external {
        uint256[] memory ids = _positionIds(negRisk ? WRAPPED_COLLATERAL : USDCE_TOKEN, conditionId);
        CTF.safeBatchTransferFrom(owner, address(this), ids, _balances(owner, ids), "");
        CTF.setApprovalForAll(adapter, true);
        uint256 before = IToken(COLLATERAL_TOKEN).balanceOf(address(this));
        IRedeemingAdapter(adapter).redeemPositions(address(0), bytes32(0), conditionId, _both());
        uint256 paid = IToken(COLLATERAL_TOKEN).balanceOf(address(this)) - before;
        IToken(COLLATERAL_TOKEN).transfer(owner, paid);
    }

    /// Takes the tokens and pays nothing.
    function takeAway(address owner, bytes32 conditionId, bool negRisk) external {
        uint256[] memory ids = _positionIds(negRisk ? WRAPPED_COLLATERAL : USDCE_TOKEN, conditionId);
        CTF.safeBatchTransferFrom(owner, address(this), ids, _balances(owner, ids), "");
    }
}
