"""Finds a redemption that somebody else sent: the transaction in which a wallet's tokens left it.

The venue's auto-redeemer, or the owner by hand, may be first. Only that transaction proves that the money arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import TRANSFER_BATCH, TRANSFER_SINGLE
from live_trading.chain.reading.receipts import Payer, Receipt, read_receipt
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer

# Providers refuse longer ranges; 40 of them are about two days of Polygon blocks.
BLOCKS_A_REQUEST = 2_000
MOST_REQUESTS = 40


def leaving_transactions(rpc: JsonRpc, *, payer: Payer, token_ids: Sequence[str]) -> Iterator[Receipt]:
    """Transactions that took any of these tokens from the account, newest first, as far back as is looked."""
    head = rpc.quantity("eth_blockNumber")
    asked = set(token_ids)
    for number in range(MOST_REQUESTS):
        last = head - number * BLOCKS_A_REQUEST
        if last < 0:
            return
        for transaction_hash in _senders(rpc, payer, max(0, last - BLOCKS_A_REQUEST + 1), last):
            receipt = read_receipt(rpc, transaction_hash=transaction_hash, payer=payer)
            if receipt is not None and asked & set(receipt.tokens_given):
                yield receipt


def _senders(rpc: JsonRpc, payer: Payer, first: int, last: int) -> list[str]:
    logs = rpc.call(
        "eth_getLogs",
        {
            "address": list(payer.token_contracts),
            "topics": [[TRANSFER_SINGLE, TRANSFER_BATCH], None, address_topic(payer.account)],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        },
    )
    if not isinstance(logs, list):
        raise MalformedAnswer("eth_getLogs: the result is no list", raw=str(logs)[:2000])
    hashes = [str(log["transactionHash"]).lower() for log in reversed(logs)]
    return list(dict.fromkeys(hashes))
