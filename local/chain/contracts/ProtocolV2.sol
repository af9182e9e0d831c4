// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IToken} from "./Interfaces.sol";
import {COLLATERAL_TOKEN, ORACLE, PROTOCOL_V2_ROUTER} from "./Addresses.sol";

/// Keeps the positions of protocol v2. A position is its condition's 31 bytes and one byte for the outcome.
contract PositionManager {
    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);

    error NotResolved();
    error NotApproved();
    error NotOracle();
    error InsufficientBalance();

    mapping(address => mapping(uint256 => uint256)) public balanceOf;
    mapping(address => mapping(address => bool)) public isApprovedForAll;
    mapping(bytes31 => uint256[]) private numerators;

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
    }

    /// New positions for anybody: this chain has no exchange of protocol v2.
    function mint(address to, uint256 id, uint256 amount) external {
        balanceOf[to][id] += amount;
        emit TransferSingle(msg.sender, address(0), to, id, amount);
    }

    function report(bytes31 conditionId, uint256 first, uint256 second) external {
        if (msg.sender != ORACLE) revert NotOracle();
        numerators[conditionId] = [first, second];
    }

    function getPayout(uint256 positionId, uint256 amount) public view returns (uint256) {
        uint256[] storage vector = numerators[bytes31(bytes32(positionId))];
        if (vector.length == 0) revert NotResolved();
        return (amount * vector[uint8(positionId)]) / (vector[0] + vector[1]);
    }

    function burn(address from, uint256 id, uint256 amount) external {
        if (msg.sender != PROTOCOL_V2_ROUTER || !isApprovedForAll[from][msg.sender]) revert NotApproved();
        if (balanceOf[from][id] < amount) revert InsufficientBalance();
        balanceOf[from][id] -= amount;
        emit TransferSingle(msg.sender, from, address(0), id, amount);
    }
}

/// Redeems one outcome at a time, and merges pairs.
contract ProtocolV2Router {
    PositionManager private constant POSITIONS = PositionManager(0x006F54F7f9A22e0000CC2AB60031000000ae9fEF);

    function redeem(bytes31 conditionId, uint256 outcomeIndex, uint256 amount) external {
        uint256 id = uint256(bytes32(conditionId)) | outcomeIndex;
        uint256 payout = POSITIONS.getPayout(id, amount);
        POSITIONS.burn(msg.sender, id, amount);
        IToken(COLLATERAL_TOKEN).mint(msg.sender, payout);
    }

    function merge(bytes31 conditionId, uint256 amount) external {
        POSITIONS.burn(msg.sender, uint256(bytes32(conditionId)), amount);
        POSITIONS.burn(msg.sender, uint256(bytes32(conditionId)) | 1, amount);
        IToken(COLLATERAL_TOKEN).mint(msg.sender, amount);
    }
}
