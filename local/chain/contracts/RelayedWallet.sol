// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IContractSigner} from "./Orders.sol";
import {TokenHolder} from "./TokenHolder.sol";
import {WalletAddresses} from "./WalletAddresses.sol";
import {OPERATOR} from "./Addresses.sol";

/// Stands for proxy and deposit wallets: does what the relayer asks, all or nothing. Who may ask it is checked outside.
contract RelayedWallet is TokenHolder {
    error NotRelayer();

    uint256 private constant SIGNATURE_BYTES = 65;
    uint256 private constant FIXED_BYTES = SIGNATURE_BYTES + 32 + 32 + 2;

    function execute(address[] calldata targets, bytes[] calldata datas) external {
        if (msg.sender != OPERATOR) revert NotRelayer();
        for (uint256 i = 0; i < targets.length; i++) {
            (bool succeeded, bytes memory reason) = targets[i].call(datas[i]);
            if (!succeeded) {
                assembly {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
    }

    /// ERC-1271 over ERC-7739: the owner's signature, then the asker's domain, the contents' hash, their type and its
    /// length. The owner is not stored: a deposit wallet's address follows from him.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length <= FIXED_BYTES) return 0xffffffff;
        bytes32 domain = bytes32(signature[SIGNATURE_BYTES:]);
        bytes32 contents = bytes32(signature[SIGNATURE_BYTES + 32:]);
        uint256 typeLength = uint16(bytes2(signature[signature.length - 2:]));
        if (typeLength != signature.length - FIXED_BYTES) return 0xffffffff;
        if (keccak256(abi.encodePacked(hex"1901", domain, contents)) != hash) return 0xffffffff;
        bytes calldata contentsType = signature[SIGNATURE_BYTES + 64:signature.length - 2];
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, _wrapped(contents, contentsType)));
        address owner = WalletAddresses.recover(digest, signature[:SIGNATURE_BYTES]);
        if (owner == address(0) || !WalletAddresses.isDepositWalletOf(owner, address(this))) return 0xffffffff;
        return IContractSigner.isValidSignature.selector;
    }

    function _wrapped(bytes32 contents, bytes calldata contentsType) private view returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                contentsType
            )
        );
        bytes32 name = keccak256("DepositWallet");
        return keccak256(abi.encode(typeHash, contents, name, keccak256("1"), block.chainid, address(this), bytes32(0)));
    }
}
