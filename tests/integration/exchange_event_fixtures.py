"""What a settlement's receipt says, read from its logs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from live_trading.chain.abi import address_topic, event_topic
from live_trading.chain.rpc import JsonRpc
from local.chain import ADDRESSES, LocalChain
from local.chain.settlement import ORDER_FILLED

TRANSFER = event_topic("Transfer(address,address,uint256)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One OrderFilled: its topics are order hash, maker and taker, its words what is not indexed."""

    exchange: str
    topics: tuple[str, ...]
    words: tuple[int, ...]


def events_of(chain: LocalChain, transaction_hash: str) -> dict[str, Filled]:
    """Every OrderFilled of a transaction by its order's hash."""
    return {
        log["topics"][1]: Filled(exchange=log["address"], topics=tuple(log["topics"][1:]), words=_words(log))
        for log in _logs(chain, transaction_hash)
        if log["topics"][0] == ORDER_FILLED
    }


def moved_collateral(chain: LocalChain, transaction_hash: str, address: str) -> int:
    """How many base units of pUSD an address has more after a transaction, by its transfers."""
    topic, moved = address_topic(address), 0
    for log in _logs(chain, transaction_hash):
        if log["address"] == ADDRESSES.collateral_token and log["topics"][0] == TRANSFER:
            sender, receiver = log["topics"][1:3]
            moved += _words(log)[0] * ((receiver == topic) - (sender == topic))
    return moved


def _logs(chain: LocalChain, transaction_hash: str) -> list[dict[str, Any]]:
    receipt = JsonRpc(chain.rpc_url).call("eth_getTransactionReceipt", transaction_hash)
    return list(receipt["logs"])


def _words(log: dict[str, Any]) -> tuple[int, ...]:
    data = log["data"][2:]
    return tuple(int(data[at : at + 64], 16) for at in range(0, len(data), 64))
