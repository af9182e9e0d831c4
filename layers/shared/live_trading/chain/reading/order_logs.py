"""The fills of many accounts in a range of blocks, as the exchanges' logs tell them.

One question for each range and set of accounts. What a node allows is not known before it refuses: a refused question
is asked in two halves, of blocks or of accounts as the refusal says, and what was refused once is not asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import ORDER_FILLED
from live_trading.chain.errors import BlockNotThere, RangeTooWide, RpcAnswerLost, RpcRefused, TooManyTopics
from live_trading.chain.reading.order_filled import OrderFilled, read_order_filled
from live_trading.chain.rpc import JsonRpc, Question, as_quantity
from live_trading.nouns.errors import MalformedAnswer

_UNREADABLE = (MalformedAnswer, RpcAnswerLost, ValueError, LookupError, TypeError, ArithmeticError)
# Nodes take a thousand topics in a place, and a request body of some hundred kilobytes.
_MOST_ACCOUNTS = 500
_MOST_BLOCKS = 500
_MOST_SHOWN = 2000
# A node that is slower than this is of no use for speed.
_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block as one node has it; another one may have another block of that number for a while."""

    number: int
    block_hash: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFill:
    """One fill with its place on the chain."""

    transaction_hash: str
    log_index: int
    block_number: int
    block_hash: str
    filled: OrderFilled


@dataclass(slots=True, kw_only=True)
class LookedAt:
    """What a range holds: the fills in the chain's order, the times of their blocks, and logs that are no fills.

    `anchor` is the block that was asked for beside them, None where the node has none of that number.
    """

    fills: list[ChainFill] = field(default_factory=list)
    times: dict[str, datetime] = field(default_factory=dict)
    malformed: list[str] = field(default_factory=list)
    anchor: Block | None = None


class OrderLogs:
    """Reads logs through one node. Every method raises RetryLater where the node is away or behind."""

    def __init__(self, rpc_url: str, *, exchanges: Collection[str], confirmations: int = 0) -> None:
        """`confirmations` are the blocks that must lie on top of one before it is looked at; 0 looks at the newest.

        Makes no request before the first read.
        """
        self._rpc_url = rpc_url
        self._exchanges = sorted({exchange.lower() for exchange in exchanges})
        self._confirmations = confirmations
        self._most_accounts = _MOST_ACCOUNTS
        self._most_blocks = _MOST_BLOCKS

    @cached_property
    def _rpc(self) -> JsonRpc:
        return JsonRpc(self._rpc_url, timeout_seconds=_TIMEOUT_SECONDS)

    def head(self) -> Block:
        """The newest block that may be looked at: one request, two with confirmations."""
        if not self._confirmations:
            return _block(self._rpc.call("eth_getBlockByNumber", "latest", False))  # noqa: FBT003 (no transactions)
        newest = self._rpc.quantity("eth_blockNumber")
        return _block(self._rpc.call(*_flat(_block_question(max(0, newest - self._confirmations)))))

    def blocks(self, numbers: Sequence[int]) -> list[Block | None]:
        """These blocks, None for those that the node does not have, in one request for every 50."""
        answers = self._rpc.ask([_block_question(number) for number in numbers])
        return [None if answer is None or isinstance(answer, RpcRefused) else _block(answer) for answer in answers]

    def look(self, accounts: Sequence[str], first: int, last: int, *, anchor: int) -> LookedAt:
        """The fills of these accounts in the blocks from `first` to `last`, and block `anchor` as the node has it.

        One request where the node allows the whole question and says the blocks' times in its logs.
        """
        found = LookedAt()
        is_first = True
        for some in _chunks(accounts, self._most_accounts):
            for start in range(first, last + 1, self._most_blocks):
                end = min(last, start + self._most_blocks - 1)
                beside = [_block_question(anchor)] if is_first else []
                answers = self._rpc.ask([*beside, self._logs_question(some, start, end)])
                if beside:
                    found.anchor = None if answers[0] is None else _block(_or_raised(answers[0]))
                    is_first = False
                self._take(self._or_halves(answers[-1], some, start, end), found)
        found.fills.sort(key=lambda fill: (fill.block_number, fill.log_index))
        self._time(found)
        return found

    def close(self) -> None:
        """Lets go of the connection."""
        self._rpc.close()

    def _logs_question(self, accounts: Sequence[str], first: int, last: int) -> Question:
        topics = [ORDER_FILLED, None, [address_topic(account) for account in accounts]]
        where = {"fromBlock": hex(first), "toBlock": hex(last), "address": self._exchanges, "topics": topics}
        return "eth_getLogs", [where]

    def _or_halves(self, answer: Any, accounts: Sequence[str], first: int, last: int) -> Iterable[Any]:
        """The logs of an answer, or of the two halves of the question where it was too much for the node."""
        if isinstance(answer, RangeTooWide) and last > first:
            self._most_blocks = max(1, (last - first + 1) // 2)
            middle = (first + last) // 2
            halves = [(accounts, first, middle), (accounts, middle + 1, last)]
        elif isinstance(answer, RangeTooWide | TooManyTopics) and len(accounts) > 1:
            self._most_accounts = max(1, len(accounts) // 2)
            middle = len(accounts) // 2
            halves = [(accounts[:middle], first, last), (accounts[middle:], first, last)]
        else:
            logs = _or_raised(answer)
            if not isinstance(logs, list):
                raise RpcAnswerLost("eth_getLogs: the result is no list")
            return logs
        return [log for half in halves for log in self._or_halves(self._once(*half), *half)]

    def _once(self, accounts: Sequence[str], first: int, last: int) -> Any:
        return self._rpc.ask([self._logs_question(accounts, first, last)])[0]

    def _take(self, logs: Iterable[Any], found: LookedAt) -> None:
        for log in logs:
            try:
                if log.get("removed") is True or str(log["address"]).lower() not in self._exchanges:
                    continue
                found.fills.append(_fill(log))
                if log.get("blockTimestamp"):
                    found.times[str(log["blockHash"]).lower()] = _moment(log["blockTimestamp"])
            except _UNREADABLE as error:
                found.malformed.append(f"{type(error).__name__}: {error}: {log}"[:_MOST_SHOWN])

    def _time(self, found: LookedAt) -> None:
        """The times of the blocks whose logs do not say them. Raises BlockNotThere for one that is gone again."""
        untold = {fill.block_number: fill.block_hash for fill in found.fills if fill.block_hash not in found.times}
        if not untold:
            return
        numbers = sorted(untold)
        for number, block in zip(numbers, self.blocks(numbers), strict=True):
            if block is None or block.block_hash != untold[number]:
                raise BlockNotThere(f"block {number} has changed since its logs were read")
            found.times[block.block_hash] = block.time


def _fill(log: dict[str, Any]) -> ChainFill:
    return ChainFill(
        transaction_hash=str(log["transactionHash"]).lower(),
        log_index=as_quantity("logIndex", log["logIndex"]),
        block_number=as_quantity("blockNumber", log["blockNumber"]),
        block_hash=str(log["blockHash"]).lower(),
        filled=read_order_filled(log),
    )


def _block_question(number: int) -> Question:
    return "eth_getBlockByNumber", [hex(number), False]


def _flat(question: Question) -> tuple[Any, ...]:
    method, params = question
    return method, *params


def _block(answer: Any) -> Block:
    if answer is None:
        raise BlockNotThere("eth_getBlockByNumber: the node does not have the block")
    if not isinstance(answer, dict) or not isinstance(answer.get("hash"), str):
        raise RpcAnswerLost("eth_getBlockByNumber: the result is no block")
    return Block(
        number=as_quantity("number", answer.get("number")),
        block_hash=answer["hash"].lower(),
        time=_moment(answer.get("timestamp")),
    )


def _moment(quantity: object) -> datetime:
    return datetime.fromtimestamp(as_quantity("timestamp", quantity), UTC)


def _or_raised(answer: Any) -> Any:
    if isinstance(answer, RpcRefused):
        raise answer
    return answer


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
