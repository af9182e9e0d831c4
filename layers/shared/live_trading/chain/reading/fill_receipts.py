"""What a settled trade moved, as the receipt of its transaction tells: nothing of it is computed.

Invariants: only OrderFilled events that one of the configured exchanges emitted for the wallet's own orders count; they
are believed only where the token transfers of the same receipt brought the wallet at least what they say; a receipt
that is missing, reverted, too fresh or at odds with itself is no reading and may be asked for again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.errors import RpcAnswerLost, RpcRefused
from live_trading.chain.reading.order_filled import OrderFilled, is_order_filled, read_order_filled
from live_trading.chain.reading.receipts import Payer, net_transfer, payer_of, tokens_given
from live_trading.chain.rpc import JsonRpc, as_quantity
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Shares, total_shares, total_usd
from live_trading.nouns.orders import Moved

# One receipt of another shape is no reason to read none of the others.
_UNREADABLE = (MalformedAnswer, RpcAnswerLost, RpcRefused, ValueError, LookupError, TypeError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipts:
    """By transaction: what each order of the wallet moved in it, or why that cannot be told.

    `markers` are the metadata of these orders, where they have any. What is `waiting` needs patience; what is `at_odds`
    with the venue's word or with itself needs somebody to look.
    """

    moved: Mapping[str, Mapping[str, Moved]]
    waiting: Mapping[str, str]
    at_odds: Mapping[str, str]
    markers: Mapping[str, str] = field(default_factory=dict)

    def of_order(self, order_hash: str) -> dict[str, Moved]:
        """What one order moved, by transaction."""
        return {each: orders[order_hash] for each, orders in self.moved.items() if order_hash in orders}


NOTHING_READ = ReadReceipts(moved={}, waiting={}, at_odds={})


class FillReceipts:
    """Reads receipts of trades through one node."""

    def __init__(
        self, rpc_url: str, addresses: ContractAddresses, *, exchanges: Collection[str], confirmations: int
    ) -> None:
        """`confirmations` a transaction must have, its own block counted; makes no request before the first read."""
        self._rpc_url = rpc_url
        self._addresses = addresses
        self._exchanges = frozenset(exchange.lower() for exchange in exchanges)
        self._confirmations = confirmations

    @cached_property
    def _rpc(self) -> JsonRpc:
        return JsonRpc(self._rpc_url)

    def read(self, wallet: str, transaction_hashes: Collection[str]) -> ReadReceipts:
        """What these transactions moved for the wallet's orders, all asked for in one request for every 50.

        Raises RetryLater where the node is away; what is wrong with one transaction is told with that one.
        """
        asked = sorted({each.lower() for each in transaction_hashes})
        if not asked:
            return NOTHING_READ
        head = self._rpc.quantity("eth_blockNumber")
        answers = self._rpc.call_many("eth_getTransactionReceipt", [(each,) for each in asked])
        payer = payer_of(wallet, self._addresses)
        moved: dict[str, dict[str, Moved]] = {}
        waiting: dict[str, str] = {}
        at_odds: dict[str, str] = {}
        markers: dict[str, str] = {}
        for transaction_hash, answer in zip(asked, answers, strict=True):
            try:
                patience = self._patience(answer, head)
                if patience is None:
                    logs = _logs(transaction_hash, answer)
                    moved[transaction_hash] = moved_in(logs, payer, self._exchanges)
                    markers |= _markers(_filled_in(logs, payer, self._exchanges))
                else:
                    waiting[transaction_hash] = patience
            except _UNREADABLE as error:
                at_odds[transaction_hash] = f"{type(error).__name__}: {error}"
        return ReadReceipts(moved=moved, waiting=waiting, at_odds=at_odds, markers=markers)

    def _patience(self, answer: Any, head: int) -> str | None:
        """What a receipt still waits for, None where it may be read."""
        if isinstance(answer, RpcRefused):
            raise answer
        if answer is None or answer["blockNumber"] is None:
            return "in no block"
        depth = head - as_quantity("blockNumber", answer["blockNumber"]) + 1
        return None if depth >= self._confirmations else f"{max(0, depth)} of {self._confirmations} confirmations"


def _logs(transaction_hash: str, answer: Any) -> list[dict[str, Any]]:
    if str(answer["transactionHash"]).lower() != transaction_hash:
        raise MalformedAnswer(f"not the receipt of {transaction_hash}", raw=str(answer)[:2000])
    if as_quantity("status", answer["status"]) != 1:
        raise MalformedAnswer(f"{transaction_hash} reverted", raw=str(answer)[:2000])
    return list(answer["logs"])


def moved_in(logs: list[dict[str, Any]], payer: Payer, exchanges: Collection[str]) -> dict[str, Moved]:
    """What each order of the account moved by these logs; `exchanges` (lower case) are the emitters that count.

    Raises MalformedAnswer where events and transfers contradict each other, or there are no events.
    """
    filled = _filled_in(logs, payer, exchanges)
    if not filled:
        raise MalformedAnswer("no order of the wallet is filled in it", raw=str(logs)[:2000])
    _hold_against_transfers(filled, logs, payer)
    by_order: dict[str, list[Moved]] = defaultdict(list)
    for each in filled:
        by_order[each.order_hash].append(each.moved)
    return {order_hash: _sum(parts) for order_hash, parts in by_order.items()}


def _filled_in(logs: list[dict[str, Any]], payer: Payer, exchanges: Collection[str]) -> list[OrderFilled]:
    return [each for log in logs if (each := _filled(log, payer, exchanges)) is not None]


def _markers(filled: Iterable[OrderFilled]) -> dict[str, str]:
    """The metadata of each order that has any."""
    return {each.order_hash: each.metadata for each in filled if each.metadata.strip("0x")}


def _filled(log: dict[str, Any], payer: Payer, exchanges: Collection[str]) -> OrderFilled | None:
    if str(log["address"]).lower() not in exchanges or not is_order_filled(log):
        return None
    if str(log["topics"][2]).lower() != address_topic(payer.account):
        return None
    return read_order_filled(log)


def _hold_against_transfers(filled: Iterable[OrderFilled], logs: list[dict[str, Any]], payer: Payer) -> None:
    """More than the events say may have come, for anybody may send; less may not. Raises MalformedAnswer."""
    collateral = 0
    tokens: dict[str, int] = defaultdict(int)
    for each in filled:
        moved = each.moved
        sign = -1 if each.is_buy else 1
        collateral += sign * moved.usd.base_units - moved.fee.base_units
        tokens[each.token_id] -= sign * moved.shares.base_units
    came = net_transfer(logs, payer.account, payer.collateral_token)
    if came < collateral:
        raise MalformedAnswer(f"its events are worth {collateral}, its transfers {came}", raw=str(logs)[:2000])
    given = tokens_given(logs, payer.account, payer.token_contracts)
    for token_id, units in tokens.items():
        there = -given.get(token_id, Shares.zero()).base_units
        if there < units:
            raise MalformedAnswer(f"its events move {units} of {token_id}, its transfers {there}", raw=token_id)


def _sum(parts: list[Moved]) -> Moved:
    return Moved(
        usd=total_usd([each.usd for each in parts]),
        shares=total_shares([each.shares for each in parts]),
        fee=total_usd([each.fee for each in parts]),
    )
