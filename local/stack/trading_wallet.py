"""A trading wallet for the stack: its key, its API credentials at the venue, and money on the local chain.

The signing library takes long to import and is imported while other parts start.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from live_trading.nouns.money import Usd
from local.machine.patience import HANG_SECONDS

if TYPE_CHECKING:
    from local.chain import LocalChain

_CHAIN_ID = 137
_MESSAGE = "This message attests that I control the given wallet"
_LOGIN_TYPES = {
    "ClobAuth": [
        {"name": "address", "type": "address"},
        {"name": "timestamp", "type": "string"},
        {"name": "nonce", "type": "uint256"},
        {"name": "message", "type": "string"},
    ]
}


class LoginRefused(RuntimeError):
    """The venue gave no API key; the message is its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedWallet:
    """An EOA and its key. Only ever one of the local chain's."""

    address: str
    private_key: str


def wallet_of_seed(seed: int) -> KeyedWallet:
    """The wallet that a seed stands for, always the same; its address in lower case."""
    from eth_account import Account

    private_key = "0x" + hashlib.sha256(f"live trading, local trading wallet {seed}".encode()).hexdigest()
    return KeyedWallet(address=Account.from_key(private_key).address.lower(), private_key=private_key)


def fund(chain: LocalChain, wallet: KeyedWallet, collateral: Usd) -> None:
    """Give a wallet gas and collateral, and let the venue's contracts move what it trades."""
    chain.fund_gas(wallet.address)
    chain.mint_collateral(wallet.address, collateral)
    chain.approve_trading(wallet.private_key)


def secret_of(wallet: KeyedWallet, clob_url: str) -> dict[str, str]:
    """The wallet's secret as the functions read it, its API key got by logging in with the wallet's signature.

    Raises LoginRefused.
    """
    response = httpx.post(f"{clob_url}/auth/api-key", headers=_login_headers(wallet), timeout=HANG_SECONDS)
    if response.is_error:
        raise LoginRefused(f"the venue gave no API key: {response.status_code} {response.text}")
    granted = response.json()
    return {
        "private_key": wallet.private_key,
        "api_key": granted["apiKey"],
        "api_secret": granted["secret"],
        "api_passphrase": granted["passphrase"],
    }


def _login_headers(wallet: KeyedWallet) -> dict[str, str]:
    from eth_account import Account

    account = Account.from_key(wallet.private_key)
    timestamp, nonce = str(int(time.time())), 0
    signed = account.sign_typed_data(
        domain_data={"name": "ClobAuthDomain", "version": "1", "chainId": _CHAIN_ID},
        message_types=_LOGIN_TYPES,
        message_data={"address": account.address, "timestamp": timestamp, "nonce": nonce, "message": _MESSAGE},
    )
    return {
        "POLY_ADDRESS": account.address,
        "POLY_SIGNATURE": "0x" + signed.signature.hex().removeprefix("0x"),
        "POLY_TIMESTAMP": timestamp,
        "POLY_NONCE": str(nonce),
    }
