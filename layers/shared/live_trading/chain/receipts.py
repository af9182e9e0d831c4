"""What became of a transaction, and what it paid: a status of 1 alone proves nothing here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import TRANSFER
from live_trading.chain.rpc import JsonRpc, as_quantity
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transaction in a block.

    `status` is 1 for success and 0 for a revert. `confirmations` counts its own block as the first.
    `collateral_received` is the pUSD that the transaction moved to the account less what it moved away.
    """

    status: int
    block_number: int
    gas_used: int
    effective_gas_price: int
    confirmations: int
    collateral_received: Usd


def read_receipt(rpc: JsonRpc, *, transaction_hash: str, account: str, collateral_token: str) -> Receipt | None:
    """The receipt as the node has it, None while the transaction is in no block.

    Raises MalformedAnswer where the receipt is of another transaction or lacks a field.
    """
    found = rpc.call("eth_getTransactionReceipt", transaction_hash)
    if found is None:
        return None
    if not isinstance(found, dict) or str(found.get("transactionHash")).lower() != transaction_hash.lower():
        raise MalformedAnswer(f"not the receipt of {transaction_hash}", raw=str(found)[:2000])
    if found.get("blockNumber") is None:
        return None
    block_number = as_quantity("blockNumber", found.get("blockNumber"))
    head = rpc.quantity("eth_blockNumber")
    return Receipt(
        status=as_quantity("status", found.get("status")),
        block_number=block_number,
        gas_used=as_quantity("gasUsed", found.get("gasUsed")),
        effective_gas_price=as_quantity("effectiveGasPrice", found.get("effectiveGasPrice")),
        # A node that lags behind the one that gave the receipt has seen no confirmation of it.
        confirmations=max(0, head - block_number + 1),
        collateral_received=Usd.of_base_units(net_transfer(found["logs"], account, collateral_token)),
    )


def net_transfer(logs: Iterable[dict[str, Any]], account: str, token: str) -> int:
    """Base units of `token` that these logs move to `account`, less those that they move away from it."""
    own_topic = address_topic(account)
    net = 0
    for log in logs:
        topics = [str(topic).lower() for topic in log["topics"]]
        if str(log["address"]).lower() != token or len(topics) != 3 or topics[0] != TRANSFER:
            continue
        amount = as_quantity("Transfer", log["data"])
        net += amount * (topics[2] == own_topic) - amount * (topics[1] == own_topic)
    return net
