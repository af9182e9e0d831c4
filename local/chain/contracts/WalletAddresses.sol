// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Who signed, and which wallets are his: the venue's factories put them at addresses that follow from the owner.
library WalletAddresses {
    address private constant PROXY_FACTORY = 0xaB45c5A4B0c941a2F231C04C3f49182e1A254052;
    address private constant PROXY_IMPLEMENTATION = 0x44e999d5c2F66Ef0861317f9A4805AC2e90aEB4f;
    address private constant SAFE_FACTORY = 0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b;
    bytes32 private constant SAFE_CODE_HASH = 0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf;
    address private constant DEPOSIT_FACTORY = 0x00000000000Fb5C9ADea0298D729A0CB3823Cc07;
    address private constant DEPOSIT_IMPLEMENTATION = 0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB;
    address private constant DEPOSIT_BEACON = 0x7A18EDfe055488A3128f01F563e5B479D92ffc3a;

    /// The wallet that an owner's signature of a type 0 (itself), 1 (proxy) or 2 (Safe) speaks for; else nobody's.
    function walletOf(address owner, uint8 signatureType) internal pure returns (address) {
        if (signatureType == 0) return owner;
        if (signatureType == 1) return _create2(PROXY_FACTORY, keccak256(abi.encodePacked(owner)), _proxyCodeHash());
        if (signatureType == 2) return _create2(SAFE_FACTORY, keccak256(abi.encode(owner)), SAFE_CODE_HASH);
        return address(0);
    }

    /// Whether `wallet` is one of the two deposit wallets that an owner can have.
    function isDepositWalletOf(address owner, address wallet) internal pure returns (bool) {
        bytes memory arguments = abi.encode(DEPOSIT_FACTORY, owner);
        bytes32 salt = keccak256(arguments);
        bytes memory beaconClone = abi.encodePacked(
            bytes10(uint80(0x6100523D8160233D3973) + uint80(arguments.length << 56)),
            DEPOSIT_BEACON,
            hex"60195155f3363d3d373d3d363d602036600436635c60da1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3",
            arguments
        );
        if (_create2(DEPOSIT_FACTORY, salt, keccak256(beaconClone)) == wallet) return true;
        bytes memory olderClone = abi.encodePacked(
            bytes10(uint80(0x61003D3D8160233D3973) + uint80(arguments.length << 56)),
            DEPOSIT_IMPLEMENTATION,
            hex"60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3",
            arguments
        );
        return _create2(DEPOSIT_FACTORY, salt, keccak256(olderClone)) == wallet;
    }

    /// Whose 65-byte signature it is; nobody's for an unusable one.
    function recover(bytes32 hash, bytes memory signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
        return ecrecover(hash, v, r, s);
    }

    function _proxyCodeHash() private pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                hex"3d3d606380380380913d393d73",
                PROXY_FACTORY,
                hex"5af4602a57600080fd5b602d8060366000396000f3363d3d373d3d3d363d73",
                PROXY_IMPLEMENTATION,
                hex"5af43d82803e903d91602b57fd5bf352e831dd",
                uint256(32),
                uint256(0)
            )
        );
    }

    function _create2(address factory, bytes32 salt, bytes32 codeHash) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), factory, salt, codeHash)))));
    }
}
