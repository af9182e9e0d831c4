"""The trail of a trade in the log: one line a step, and the keys by which lines of different functions belong together.

`Key` says which keys there are. Those that are true of a stretch of code are set for it (`along`) and are then on every
line that is logged in it, also in threads that it starts; threads side by side do not see each other's. A step of a
trade is logged where it is committed, never before, and nothing is asked for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from types import MappingProxyType

from live_trading.store.database.connection import Transaction

logger = logging.getLogger(__name__)


class Key(StrEnum):
    """The only keys of the trail; their values are ids and words of closed sets, never anything secret.

    The first four are of a stretch of code, the others of a step.
    """

    JOB = "job"
    INVOCATION_ID = "invocation_id"
    REQUEST_ID = "request_id"
    JOB_ID = "job_id"
    SOURCE_TRADE_ID = "source_trade_id"
    DECISION_ID = "decision_id"
    LT_STRATEGY_ID = "lt_strategy_id"
    TRADING_WALLET_ID = "trading_wallet_id"
    LT_ORDER_ID = "lt_order_id"
    ORDER_HASH = "order_hash"
    VENUE_TRADE_ID = "venue_trade_id"
    CONDITION_ID = "condition_id"
    LT_REDEMPTION_ID = "lt_redemption_id"
    STATE = "state"


class Step(StrEnum):
    """What a trade passes, in this order, as the message of its line; what repeats has a line each time."""

    ACCEPTED = "decision accepted"
    COMMITTED = "intent committed"
    SENT = "order sent"
    ANSWERED = "order answered"
    FILLED = "fill booked"
    SETTLED = "fill settled"
    RESOLVED = "order resolved"
    REDEMPTION_SENT = "redemption sent"
    REDEMPTION_BOOKED = "redemption booked"


Keys = Mapping[Key, object]

_set: ContextVar[Mapping[str, str]] = ContextVar("trail", default=MappingProxyType({}))


@contextmanager
def along(keys: Keys) -> Iterator[None]:
    """Sets keys for what is done in the block, beside those that are set; what has no value is not set."""
    token = _set.set({**_set.get(), **_said(keys)})
    try:
        yield
    finally:
        _set.reset(token)


def passed(transaction: Transaction, step: Step, keys: Keys) -> None:
    """One line for a step once the transaction that makes it a fact is committed."""
    said = {"step": step.name, **_set.get(), **_said(keys)}
    transaction.once_committed(lambda: logger.info(step.value, extra=said))


def _said(keys: Keys) -> dict[str, str]:
    return {key.value: str(value) for key, value in keys.items() if value is not None}


class TrailFilter(logging.Filter):
    """Puts the keys that are set on whatever is logged; what a line says itself stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _set.get().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True
