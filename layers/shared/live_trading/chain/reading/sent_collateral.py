"""Which transactions took collateral from an account: what a wallet's missing dollars went to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import TRANSFER
from live_trading.chain.reading.outside_payments import BLOCKS_A_REQUEST
from live_trading.chain.reading.receipts import Payer
from live_trading.chain.rpc import JsonRpc, as_quantity
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd

# About six hours of Polygon's blocks: what is missing now was there at the comparison before.
MOST_REQUESTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCollateral:
    """One transfer out of an account."""

    transaction_hash: str
    to: str
    amount: Usd


def sent_collateral(rpc: JsonRpc, *, payer: Payer) -> list[SentCollateral]:
    """Transfers of collateral from the account, newest first, as far back as is looked."""
    head = rpc.quantity("eth_blockNumber")
    found: list[SentCollateral] = []
    for number in range(MOST_REQUESTS):
        last = head - number * BLOCKS_A_REQUEST
        if last < 0:
            break
        found += reversed(_between(rpc, payer, max(0, last - BLOCKS_A_REQUEST + 1), last))
    return found


def _between(rpc: JsonRpc, payer: Payer, first: int, last: int) -> list[SentCollateral]:
    logs = rpc.call(
        "eth_getLogs",
        {
            "address": payer.collateral_token,
            "topics": [TRANSFER, address_topic(payer.account)],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        },
    )
    if not isinstance(logs, list):
        raise MalformedAnswer("eth_getLogs: the result is no list", raw=str(logs)[:2000])
    return [_sent(log) for log in logs]


def _sent(log: Any) -> SentCollateral:
    try:
        return SentCollateral(
            transaction_hash=str(log["transactionHash"]).lower(),
            to="0x" + str(log["topics"][2]).lower()[-40:],
            amount=Usd.of_base_units(as_quantity("Transfer", log["data"])),
        )
    except (LookupError, TypeError) as error:
        raise MalformedAnswer("a transfer of another shape", raw=str(log)[:2000]) from error
