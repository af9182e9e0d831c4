"""Finds a redemption that somebody else sent: the transaction in which a wallet's tokens left it.

The venue's auto-redeemer, or the owner by hand, may be first. Only that transaction proves that the money arrived. It
is looked for from the head back to the block that resolved the market, in which it cannot be paid for any earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import CONDITION_RESOLUTION, TRANSFER_BATCH, TRANSFER_SINGLE
from live_trading.chain.errors import RpcRefused
from live_trading.chain.reading.receipts import Payer, Receipt, read_receipt
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer

# Providers refuse longer ranges; 40 of them are about two days of Polygon blocks.
BLOCKS_A_REQUEST = 2_000
MOST_REQUESTS = 40
# About two months, for what has no resolution to stop at: pairs that were merged, and markets of protocol v2.
MOST_RANGES = 1_200
RANGES_AT_ONCE = 20


def leaving_transactions(
    rpc: JsonRpc, *, payer: Payer, token_ids: Sequence[str], resolved: tuple[str, str] | None
) -> Iterator[Receipt]:
    """Transactions that took any of these tokens from the account, newest first.

    `resolved` names the contract that resolves and the condition: older transactions than its resolution are left out.
    """
    asked = set(token_ids)
    for batch in _batches(rpc.quantity("eth_blockNumber")):
        left = _logs(rpc, [_leaving(payer, *blocks) for blocks in batch])
        ended = (
            [[] for _ in batch] if resolved is None else _logs(rpc, [_resolution(*resolved, *each) for each in batch])
        )
        for transfers, resolutions in zip(left, ended, strict=True):
            for transaction_hash in _transactions(transfers):
                receipt = read_receipt(rpc, transaction_hash=transaction_hash, payer=payer)
                if receipt is not None and asked & set(receipt.tokens_given):
                    yield receipt
            if resolutions:
                return


def _batches(head: int) -> Iterator[list[tuple[int, int]]]:
    """(first, last) block of each range, newest first: one alone, as most payments are young, then many at once."""
    lasts = range(head, max(-1, head - MOST_RANGES * BLOCKS_A_REQUEST), -BLOCKS_A_REQUEST)
    ranges = [(max(0, last - BLOCKS_A_REQUEST + 1), last) for last in lasts]
    yield ranges[:1]
    for start in range(1, len(ranges), RANGES_AT_ONCE):
        yield ranges[start : start + RANGES_AT_ONCE]


def _leaving(payer: Payer, first: int, last: int) -> dict[str, object]:
    return {
        "address": list(payer.token_contracts),
        "topics": [[TRANSFER_SINGLE, TRANSFER_BATCH], None, address_topic(payer.account)],
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }


def _resolution(contract: str, condition_id: str, first: int, last: int) -> dict[str, object]:
    return {
        "address": contract,
        "topics": [CONDITION_RESOLUTION, condition_id],
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }


def _logs(rpc: JsonRpc, filters: Sequence[dict[str, object]]) -> list[list[Any]]:
    """The logs of each filter. Raises RpcRefused where the node refuses one of them."""
    answers = rpc.call_many("eth_getLogs", [(each,) for each in filters])
    for answer in answers:
        if isinstance(answer, RpcRefused):
            raise answer
        if not isinstance(answer, list):
            raise MalformedAnswer("eth_getLogs: the result is no list", raw=str(answer)[:2000])
    return answers


def _transactions(logs: Sequence[Any]) -> list[str]:
    """The transactions of these logs, newest first."""
    return list(dict.fromkeys(str(log["transactionHash"]).lower() for log in reversed(logs)))
