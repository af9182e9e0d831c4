// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {INegRiskAdapter, IToken, IWrapper} from "./Interfaces.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {COLLATERAL_TOKEN, NEG_RISK_ADAPTER, OPERATOR, USDCE_TOKEN, WRAPPED_COLLATERAL} from "./Addresses.sol";

/// Lets holders of pUSD split, merge and redeem outcome tokens that are backed by USDC.e.
///
/// It has the functions of ConditionalTokens, but reads the condition only: collateral, parent and index sets
/// are ignored. It works on the tokens of one market kind; of the other kind it finds none, and succeeds. It pays out
/// all the USDC.e that it has, what somebody left there too, and stands still while that asset is paused.
abstract contract CollateralAdapter is TokenHolder {
    IWrapper internal constant PUSD = IWrapper(COLLATERAL_TOKEN);
    IToken internal constant USDCE = IToken(USDCE_TOKEN);

    error OnlyUnpaused();
    error NotAdmin();

    mapping(address => bool) public paused;

    modifier onlyUnpaused() {
        if (paused[USDCE_TOKEN]) revert OnlyUnpaused();
        _;
    }

    modifier onlyAdmin() {
        if (msg.sender != OPERATOR) revert NotAdmin();
        _;
    }

    function pause(address asset) external onlyAdmin {
        paused[asset] = true;
    }

    function unpause(address asset) external onlyAdmin {
        paused[asset] = false;
    }

    function splitPosition(address, bytes32, bytes32 conditionId, uint256[] calldata, uint256 amount)
        external
        onlyUnpaused
    {
        PUSD.transferFrom(msg.sender, address(this), amount);
        PUSD.unwrap(address(this), amount);
        _split(conditionId, amount);
        uint256[] memory ids = _positionIds(_backing(), conditionId);
        CTF.safeBatchTransferFrom(address(this), msg.sender, ids, _each(amount), "");
    }

    function mergePositions(address, bytes32, bytes32 conditionId, uint256[] calldata, uint256 amount)
        external
        onlyUnpaused
    {
        uint256[] memory ids = _positionIds(_backing(), conditionId);
        CTF.safeBatchTransferFrom(msg.sender, address(this), ids, _each(amount), "");
        _merge(conditionId, amount);
        _payOut();
    }

    /// Burns the whole YES and NO balance of the caller and pays it pUSD; with nothing to burn it pays nothing.
    function redeemPositions(address, bytes32, bytes32 conditionId, uint256[] calldata) external onlyUnpaused {
        uint256[] memory ids = _positionIds(_backing(), conditionId);
        uint256[] memory held = _balances(msg.sender, ids);
        CTF.safeBatchTransferFrom(msg.sender, address(this), ids, held, "");
        _redeem(conditionId, held);
        _payOut();
    }

    function _payOut() private {
        uint256 amount = USDCE.balanceOf(address(this));
        if (amount == 0) return;
        USDCE.approve(COLLATERAL_TOKEN, amount);
        PUSD.wrap(msg.sender, amount);
    }

    function _backing() internal pure virtual returns (address);
    function _split(bytes32 conditionId, uint256 amount) internal virtual;
    function _merge(bytes32 conditionId, uint256 amount) internal virtual;
    function _redeem(bytes32 conditionId, uint256[] memory held) internal virtual;
}

contract CtfCollateralAdapter is CollateralAdapter {
    function _backing() internal pure override returns (address) {
        return USDCE_TOKEN;
    }

    function _split(bytes32 conditionId, uint256 amount) internal override {
        USDCE.approve(address(CTF), amount);
        CTF.splitPosition(USDCE_TOKEN, bytes32(0), conditionId, _both(), amount);
    }

    function _merge(bytes32 conditionId, uint256 amount) internal override {
        CTF.mergePositions(USDCE_TOKEN, bytes32(0), conditionId, _both(), amount);
    }

    function _redeem(bytes32 conditionId, uint256[] memory) internal override {
        CTF.redeemPositions(USDCE_TOKEN, bytes32(0), conditionId, _both());
    }
}

contract NegRiskCtfCollateralAdapter is CollateralAdapter {
    INegRiskAdapter private constant NEG_RISK = INegRiskAdapter(NEG_RISK_ADAPTER);

    function _backing() internal pure override returns (address) {
        return WRAPPED_COLLATERAL;
    }

    function _split(bytes32 conditionId, uint256 amount) internal override {
        USDCE.approve(NEG_RISK_ADAPTER, amount);
        NEG_RISK.splitPosition(conditionId, amount);
    }

    function _merge(bytes32 conditionId, uint256 amount) internal override {
        CTF.setApprovalForAll(NEG_RISK_ADAPTER, true);
        NEG_RISK.mergePositions(conditionId, amount);
    }

    function _redeem(bytes32 conditionId, uint256[] memory held) internal override {
        CTF.setApprovalForAll(NEG_RISK_ADAPTER, true);
        NEG_RISK.redeemPositions(conditionId, held);
    }
}
