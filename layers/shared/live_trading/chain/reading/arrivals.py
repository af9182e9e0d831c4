"""Which outcome tokens came to an account: those that it never bought are in no ledger, and are asked for by no id."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import TRANSFER_BATCH, TRANSFER_SINGLE
from live_trading.chain.errors import RpcAnswerLost, RpcRefused
from live_trading.chain.reading.outside_payments import BLOCKS_A_REQUEST, MOST_REQUESTS
from live_trading.chain.reading.receipts import SHAPE_FAILURES, Payer, tokens_given
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer

logger = logging.getLogger(__name__)

# Anybody may send any number of worthless ids; the rest of them is passed over.
MOST_TOKENS = 200


def arrived_tokens(rpc: JsonRpc, *, payer: Payer, after_block: int) -> tuple[Sequence[str], int]:
    """Ids of tokens that came to the account after a block, and the block up to which was looked.

    Nothing is looked for before the first call, which is with block 0, and no further back than about two days. A node
    that refuses the question has seen nothing, and is asked again from the same block.
    """
    head = rpc.quantity("eth_blockNumber")
    if after_block == 0 or head <= after_block:
        return (), max(head, after_block)
    found: set[str] = set()
    first = max(after_block + 1, head - BLOCKS_A_REQUEST * MOST_REQUESTS + 1)
    try:
        for start in range(first, head + 1, BLOCKS_A_REQUEST):
            found |= _arrived(rpc, payer, start, min(start + BLOCKS_A_REQUEST - 1, head))
    except RpcRefused:
        return (), after_block
    return sorted(found)[:MOST_TOKENS], head


def _arrived(rpc: JsonRpc, payer: Payer, first: int, last: int) -> set[str]:
    logs = rpc.call(
        "eth_getLogs",
        {
            "address": list(payer.token_contracts),
            "topics": [[TRANSFER_SINGLE, TRANSFER_BATCH], None, None, address_topic(payer.account)],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        },
    )
    if not isinstance(logs, list):
        raise MalformedAnswer("eth_getLogs: the result is no list", raw=str(logs)[:2000])
    found: set[str] = set()
    for log in logs:
        try:
            found |= set(tokens_given([log], payer.account, payer.token_contracts))
        except (MalformedAnswer, RpcAnswerLost, *SHAPE_FAILURES):
            logger.warning("a token transfer cannot be read: %.2000r", log)
    return found
