// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IToken} from "./Interfaces.sol";
import {COLLATERAL_TOKEN, ORACLE, POSITION_MANAGER, PROTOCOL_V2_ROUTER} from "./Addresses.sol";

interface IPositionReceiver {
    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external returns (bytes4);
}

/// Keeps the positions of protocol v2. A position is its condition's 31 bytes and one byte for the outcome.
contract PositionManager {
    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    error NotResolved();
    error AlreadyResolved();
    error NoSuchCondition();
    error NotApproved();
    error NotOracle();
    error NotRouter();
    error NotReceived();
    error InsufficientBalance();

    mapping(address => mapping(uint256 => uint256)) public balanceOf;
    mapping(address => mapping(address => bool)) public isApprovedForAll;
    mapping(bytes31 => bool) public isPrepared;
    mapping(bytes31 => uint256[]) private numerators;

    modifier onlyOracle() {
        if (msg.sender != ORACLE) revert NotOracle();
        _;
    }

    function setApprovalForAll(address operator, bool approved) external {
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes calldata data) external {
        if (msg.sender != from && !isApprovedForAll[from][msg.sender]) revert NotApproved();
        _take(from, id, amount);
        balanceOf[to][id] += amount;
        emit TransferSingle(msg.sender, from, to, id, amount);
        if (to.code.length == 0) return;
        bytes4 answer = IPositionReceiver(to).onERC1155Received(msg.sender, from, id, amount, data);
        if (answer != IPositionReceiver.onERC1155Received.selector) revert NotReceived();
    }

    function prepare(bytes31 conditionId) external onlyOracle {
        isPrepared[conditionId] = true;
    }

    function report(bytes31 conditionId, uint256 first, uint256 second) external onlyOracle {
        if (numerators[conditionId].length != 0) revert AlreadyResolved();
        numerators[conditionId] = [first, second];
    }

    function getPayout(uint256 positionId, uint256 amount) public view returns (uint256) {
        uint256[] storage vector = numerators[bytes31(bytes32(positionId))];
        if (vector.length == 0) revert NotResolved();
        return (amount * vector[uint8(positionId)]) / (vector[0] + vector[1]);
    }

    /// New positions of the router, which has the collateral for them; whoever gets them is not called. The oracle may
    /// hand out positions without any.
    function mint(address to, uint256 id, uint256 amount) external {
        if (msg.sender == PROTOCOL_V2_ROUTER) {
            if (!isPrepared[bytes31(bytes32(id))]) revert NoSuchCondition();
        } else if (msg.sender != ORACLE) {
            revert NotRouter();
        }
        balanceOf[to][id] += amount;
        emit TransferSingle(msg.sender, address(0), to, id, amount);
    }

    function burn(address from, uint256 id, uint256 amount) external {
        if (msg.sender != PROTOCOL_V2_ROUTER || !isApprovedForAll[from][msg.sender]) revert NotApproved();
        _take(from, id, amount);
        emit TransferSingle(msg.sender, from, address(0), id, amount);
    }

    function _take(address from, uint256 id, uint256 amount) private {
        if (balanceOf[from][id] < amount) revert InsufficientBalance();
        balanceOf[from][id] -= amount;
    }
}

/// Splits collateral into pairs, merges pairs, and redeems one outcome at a time.
contract ProtocolV2Router {
    PositionManager private constant POSITIONS = PositionManager(POSITION_MANAGER);
    IToken private constant PUSD = IToken(COLLATERAL_TOKEN);

    function split(bytes31 conditionId, uint256 amount) external {
        PUSD.transferFrom(msg.sender, address(this), amount);
        POSITIONS.mint(msg.sender, _position(conditionId, 0), amount);
        POSITIONS.mint(msg.sender, _position(conditionId, 1), amount);
    }

    function merge(bytes31 conditionId, uint256 amount) external {
        POSITIONS.burn(msg.sender, _position(conditionId, 0), amount);
        POSITIONS.burn(msg.sender, _position(conditionId, 1), amount);
        _pay(amount);
    }

    function redeem(bytes31 conditionId, uint256 outcomeIndex, uint256 amount) external {
        uint256 id = _position(conditionId, outcomeIndex);
        uint256 payout = POSITIONS.getPayout(id, amount);
        POSITIONS.burn(msg.sender, id, amount);
        _pay(payout);
    }

    /// Positions that the oracle handed out have no collateral here: it is made when they are paid.
    function _pay(uint256 amount) private {
        uint256 held = PUSD.balanceOf(address(this));
        if (held < amount) PUSD.mint(address(this), amount - held);
        PUSD.transfer(msg.sender, amount);
    }

    function _position(bytes31 conditionId, uint256 outcomeIndex) private pure returns (uint256) {
        return uint256(bytes32(conditionId)) | outcomeIndex;
    }
}
