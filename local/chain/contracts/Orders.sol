// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {WalletAddresses} from "./WalletAddresses.sol";

uint8 constant BUY = 0;

/// An order and its signature. All fields but the last are signed, in this order.
struct Order {
    uint256 salt;
    address maker;
    address signer;
    uint256 tokenId;
    uint256 makerAmount;
    uint256 takerAmount;
    uint8 side;
    uint8 signatureType;
    uint256 timestamp;
    bytes32 metadata;
    bytes32 builder;
    bytes signature;
}

/// What one match moves of an order: it gives `making`, gets `taking`, and is charged `fee` of collateral.
struct Fill {
    uint256 making;
    uint256 taking;
    uint256 fee;
}

interface IContractSigner {
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
}

/// Knows orders by their EIP-712 hash: who has signed one, what is left of it, and the price that it allows.
abstract contract Orders {
    error InvalidSignature();
    error OrderAlreadyFilled();
    error MakingGtRemaining();
    error PriceWorseThanSigned();
    error ZeroAmount();

    struct OrderStatus {
        bool filled;
        uint248 remaining;
    }

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
    );
    uint256 private constant SIGNED_BYTES = 11 * 32;
    uint8 private constant CONTRACT_SIGNER = 3;

    mapping(bytes32 => OrderStatus) private statuses;

    /// `remaining` is in units of what the order gives; an order that was never matched has (false, 0).
    function getOrderStatus(bytes32 orderHash) external view returns (bool filled, uint248 remaining) {
        OrderStatus storage status = statuses[orderHash];
        return (status.filled, status.remaining);
    }

    function hashOrder(Order calldata order) public view returns (bytes32) {
        bytes32 typeHash = ORDER_TYPEHASH;
        uint256 length = SIGNED_BYTES;
        bytes32 contents;
        assembly {
            let start := mload(0x40)
            mstore(start, typeHash)
            calldatacopy(add(start, 32), order, length)
            contents := keccak256(start, add(length, 32))
        }
        return keccak256(abi.encodePacked(hex"1901", _domainSeparator(), contents));
    }

    function validateOrderSignature(bytes32 orderHash, Order calldata order) public view {
        if (order.signatureType == CONTRACT_SIGNER) {
            if (order.maker != order.signer || order.maker.code.length == 0) revert InvalidSignature();
            bytes4 answer = IContractSigner(order.maker).isValidSignature(orderHash, order.signature);
            if (answer != IContractSigner.isValidSignature.selector) revert InvalidSignature();
            return;
        }
        if (WalletAddresses.walletOf(order.signer, order.signatureType) != order.maker) revert InvalidSignature();
        address recovered = WalletAddresses.recover(orderHash, order.signature);
        if (recovered == address(0) || recovered != order.signer) revert InvalidSignature();
    }

    /// Takes `making` off what is left of an order, once its price allows the fill.
    function _use(bytes32 orderHash, Order calldata order, Fill calldata fill) internal {
        if (fill.making == 0 || fill.taking == 0) revert ZeroAmount();
        if (fill.taking < (fill.making * order.takerAmount) / order.makerAmount) revert PriceWorseThanSigned();
        OrderStatus storage status = statuses[orderHash];
        if (status.filled) revert OrderAlreadyFilled();
        uint256 remaining = status.remaining == 0 ? order.makerAmount : status.remaining;
        if (fill.making > remaining) revert MakingGtRemaining();
        status.remaining = uint248(remaining - fill.making);
        status.filled = status.remaining == 0;
    }

    function _domainSeparator() private view returns (bytes32) {
        bytes32 name = keccak256("Polymarket CTF Exchange");
        return keccak256(abi.encode(DOMAIN_TYPEHASH, name, keccak256(_version()), block.chainid, address(this)));
    }

    function _version() internal pure virtual returns (bytes memory);
}
