// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {TokenHolder} from "./TokenHolder.sol";
import {OPERATOR} from "./Addresses.sol";

/// Stands for proxy and deposit wallets: does what the relayer asks, all or nothing. Who may ask it is checked outside.
contract RelayedWallet is TokenHolder {
    error NotRelayer();

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
}
