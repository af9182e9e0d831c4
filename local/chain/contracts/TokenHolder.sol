// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IConditionalTokens} from "./Interfaces.sol";
import {CONDITIONAL_TOKENS} from "./Addresses.sol";

/// A contract that may be given outcome tokens, and knows their ids.
abstract contract TokenHolder {
    IConditionalTokens internal constant CTF = IConditionalTokens(CONDITIONAL_TOKENS);

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC1155Received.selector;
    }

    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external pure returns (bytes4) {
        return this.onERC1155BatchReceived.selector;
    }

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x4e2312e0;
    }

    function _positionIds(address collateral, bytes32 conditionId) internal view returns (uint256[] memory ids) {
        ids = new uint256[](2);
        ids[0] = CTF.getPositionId(collateral, CTF.getCollectionId(bytes32(0), conditionId, 1));
        ids[1] = CTF.getPositionId(collateral, CTF.getCollectionId(bytes32(0), conditionId, 2));
    }

    function _balances(address owner, uint256[] memory ids) internal view returns (uint256[] memory held) {
        held = new uint256[](2);
        held[0] = CTF.balanceOf(owner, ids[0]);
        held[1] = CTF.balanceOf(owner, ids[1]);
    }

    function _both() internal pure returns (uint256[] memory indexSets) {
        indexSets = new uint256[](2);
        indexSets[0] = 1;
        indexSets[1] = 2;
    }

    function _each(uint256 amount) internal pure returns (uint256[] memory amounts) {
        amounts = new uint256[](2);
        amounts[0] = amount;
        amounts[1] = amount;
    }
}
