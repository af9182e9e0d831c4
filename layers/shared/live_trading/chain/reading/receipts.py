"""What became of a transaction, and what it moved: a status of 1 alone proves nothing here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from live_trading.chain.abi import WORD, address_topic, hex_bytes
from live_trading.chain.contracts import TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, ContractAddresses
from live_trading.chain.rpc import JsonRpc, as_quantity
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, Usd

SHAPE_FAILURES = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What reading a log or a receipt raises that has not its documented shape, or holds numbers that nothing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A transaction in a block.

    `status` is 1 for success and 0 for a revert. `confirmations` counts its own block as the first. The money is what
    the transaction moved to the account less what it moved away; `tokens_given` are the outcome tokens that left it.
    """

    transaction_hash: str
    status: int
    block_number: int
    gas_used: int
    effective_gas_price: int
    confirmations: int
    collateral_received: Usd
    usdce_received: Usd
    tokens_given: Mapping[str, Shares]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose money and tokens a receipt is read for, and where they are kept."""

    account: str
    collateral_token: str
    usdce_token: str
    token_contracts: tuple[str, ...]


def payer_of(account: str, addresses: ContractAddresses) -> Payer:
    """Whose money and tokens a receipt is read for."""
    contracts = (addresses.conditional_tokens, addresses.position_manager)
    return Payer(
        account=account,
        collateral_token=addresses.collateral_token,
        usdce_token=addresses.usdce_token,
        token_contracts=tuple(contract for contract in contracts if contract is not None),
    )


def read_receipt(rpc: JsonRpc, *, transaction_hash: str, payer: Payer) -> Receipt | None:
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
    head = rpc.quantity("eth_blockNumber")
    try:
        return _receipt(transaction_hash, found, head, payer)
    except SHAPE_FAILURES as error:
        why = f"a receipt of another shape: {type(error).__name__} {error}"
        raise MalformedAnswer(why, raw=str(found)[:2000]) from error


def _receipt(transaction_hash: str, found: dict[str, Any], head: int, payer: Payer) -> Receipt:
    block_number = as_quantity("blockNumber", found.get("blockNumber"))
    logs = found["logs"]
    return Receipt(
        transaction_hash=transaction_hash.lower(),
        status=as_quantity("status", found.get("status")),
        block_number=block_number,
        gas_used=as_quantity("gasUsed", found.get("gasUsed")),
        effective_gas_price=as_quantity("effectiveGasPrice", found.get("effectiveGasPrice")),
        # A node that lags behind the one that gave the receipt has seen no confirmation of it.
        confirmations=max(0, head - block_number + 1),
        collateral_received=Usd.of_base_units(net_transfer(logs, payer.account, payer.collateral_token)),
        usdce_received=Usd.of_base_units(net_transfer(logs, payer.account, payer.usdce_token)),
        tokens_given=tokens_given(logs, payer.account, payer.token_contracts),
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


def tokens_given(logs: Iterable[dict[str, Any]], account: str, contracts: tuple[str, ...]) -> dict[str, Shares]:
    """Outcome tokens that these logs take from `account`, by id, less those that they give it; zeroes left out."""
    own_topic = address_topic(account)
    units: dict[str, int] = defaultdict(int)
    for log in logs:
        topics = [str(topic).lower() for topic in log["topics"]]
        if str(log["address"]).lower() not in contracts or len(topics) != 4:
            continue
        sign = (topics[2] == own_topic) - (topics[3] == own_topic)
        if sign:
            for token_id, amount in _moved(topics[0], hex_bytes(str(log["data"]))):
                units[str(token_id)] += sign * amount
    return {token_id: Shares.of_base_units(amount) for token_id, amount in units.items() if amount}


def _moved(topic: str, data: bytes) -> Iterator[tuple[int, int]]:
    """(token id, base units) of an ERC-1155 transfer; none for any other event."""
    words = [int.from_bytes(data[at : at + WORD], "big") for at in range(0, len(data), WORD)]
    if topic == TRANSFER_SINGLE and len(words) == 2:
        yield words[0], words[1]
    elif topic == TRANSFER_BATCH and len(words) >= 4:
        ids = _array(words, words[0])
        yield from zip(ids, _array(words, words[1]), strict=True)


def _array(words: list[int], offset: int) -> list[int]:
    start = offset // WORD
    if start >= len(words) or start + 1 + words[start] > len(words):
        raise MalformedAnswer("a token transfer that ends early", raw=str(words)[:2000])
    return words[start + 1 : start + 1 + words[start]]
