// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IToken, IWrapper} from "./Interfaces.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {ORACLE, USDCE_TOKEN, WRAPPED_COLLATERAL} from "./Addresses.sol";

/// The oracle and the mint of neg-risk questions: their tokens are backed by wrapped collateral, not by USDC.e.
contract NegRiskAdapter is TokenHolder {
    IWrapper private constant WRAPPED = IWrapper(WRAPPED_COLLATERAL);

    error NotOracle();

    function wcol() external pure returns (address) {
        return WRAPPED_COLLATERAL;
    }

    function ctf() external pure returns (address) {
        return address(CTF);
    }

    function col() external pure returns (address) {
        return USDCE_TOKEN;
    }

    function getConditionId(bytes32 questionId) external view returns (bytes32) {
        return CTF.getConditionId(address(this), questionId, 2);
    }

    function balanceOf(address owner, uint256 id) external view returns (uint256) {
        return CTF.balanceOf(owner, id);
    }

    function prepareQuestion(bytes32 questionId) external {
        CTF.prepareCondition(address(this), questionId, 2);
    }

    /// One outcome is worth one, the other nothing: there are no other payouts.
    function reportOutcome(bytes32 questionId, bool outcome) external {
        if (msg.sender != ORACLE) revert NotOracle();
        uint256[] memory payouts = new uint256[](2);
        payouts[outcome ? 0 : 1] = 1;
        CTF.reportPayouts(questionId, payouts);
    }

    function splitPosition(bytes32 conditionId, uint256 amount) external {
        IToken(USDCE_TOKEN).transferFrom(msg.sender, address(this), amount);
        IToken(USDCE_TOKEN).approve(WRAPPED_COLLATERAL, amount);
        WRAPPED.wrap(address(this), amount);
        WRAPPED.approve(address(CTF), amount);
        CTF.splitPosition(WRAPPED_COLLATERAL, bytes32(0), conditionId, _both(), amount);
        uint256[] memory ids = _positionIds(WRAPPED_COLLATERAL, conditionId);
        CTF.safeBatchTransferFrom(address(this), msg.sender, ids, _each(amount), "");
    }

    function mergePositions(bytes32 conditionId, uint256 amount) external {
        uint256[] memory ids = _positionIds(WRAPPED_COLLATERAL, conditionId);
        CTF.safeBatchTransferFrom(msg.sender, address(this), ids, _each(amount), "");
        CTF.mergePositions(WRAPPED_COLLATERAL, bytes32(0), conditionId, _both(), amount);
        WRAPPED.unwrap(msg.sender, amount);
    }

    /// Redeems these amounts of YES and NO; pays USDC.e.
    function redeemPositions(bytes32 conditionId, uint256[] calldata amounts) external {
        uint256[] memory ids = _positionIds(WRAPPED_COLLATERAL, conditionId);
        CTF.safeBatchTransferFrom(msg.sender, address(this), ids, amounts, "");
        CTF.redeemPositions(WRAPPED_COLLATERAL, bytes32(0), conditionId, _both());
        uint256 payout = WRAPPED.balanceOf(address(this));
        if (payout > 0) WRAPPED.unwrap(msg.sender, payout);
    }
}
