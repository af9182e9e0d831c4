// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IToken, IWrapper} from "./Interfaces.sol";
import {USDCE_TOKEN} from "./Addresses.sol";

/// A token of six decimals. An allowance of the largest integer is unlimited and is not used up.
abstract contract SixDecimalToken is IToken {
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    error InsufficientBalance();
    error InsufficientAllowance();

    uint8 public constant decimals = 6;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function name() external pure virtual returns (string memory);
    function symbol() external pure virtual returns (string memory);

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < amount) revert InsufficientAllowance();
            allowance[from][msg.sender] = allowed - amount;
        }
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) internal {
        if (balanceOf[from] < amount) revert InsufficientBalance();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }

    function _mint(address to, uint256 amount) internal {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function _burn(address from, uint256 amount) internal {
        if (balanceOf[from] < amount) revert InsufficientBalance();
        balanceOf[from] -= amount;
        totalSupply -= amount;
        emit Transfer(from, address(0), amount);
    }
}

/// USDC.e, which anybody may mint here.
contract UsdcE is SixDecimalToken {
    function name() external pure override returns (string memory) {
        return "USD Coin (PoS)";
    }

    function symbol() external pure override returns (string memory) {
        return "USDC";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// A token that stands for USDC.e one to one and holds what it stands for.
abstract contract UsdcEWrapper is SixDecimalToken, IWrapper {
    /// Takes USDC.e of the caller and gives `to` as much of this token.
    function wrap(address to, uint256 amount) external {
        IToken(USDCE_TOKEN).transferFrom(msg.sender, address(this), amount);
        _mint(to, amount);
    }

    /// Takes this token of the caller and gives `to` as much USDC.e.
    function unwrap(address to, uint256 amount) external {
        _burn(msg.sender, amount);
        IToken(USDCE_TOKEN).transfer(to, amount);
    }

    /// New money for `to`, with the USDC.e that backs it.
    function mint(address to, uint256 amount) external {
        IToken(USDCE_TOKEN).mint(address(this), amount);
        _mint(to, amount);
    }
}

contract PolymarketUsd is UsdcEWrapper {
    function name() external pure override returns (string memory) {
        return "Polymarket USD";
    }

    function symbol() external pure override returns (string memory) {
        return "pUSD";
    }
}

contract WrappedCollateral is UsdcEWrapper {
    function name() external pure override returns (string memory) {
        return "Wrapped Collateral";
    }

    function symbol() external pure override returns (string memory) {
        return "WCOL";
    }
}
