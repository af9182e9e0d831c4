"""Trades with just what pairing needs, and which of them subjects have decided; both by ranges of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.store.database.connection import Transaction
from live_trading.store.feed.marks import Mark
from live_trading.store.feed.subjects import SubjectKey


@dataclass(frozen=True, slots=True)
class BriefTrade:
    """A source trade's number, trader, side and time."""

    source_trade_id: int
    trader: str
    is_buy: bool
    trade_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """Numbers above `after`, up to and with `to`."""

    after: int
    to: int


def read(transaction: Transaction, ranges: Sequence[NumberRange], numbers: Collection[int]) -> list[BriefTrade]:
    """The trades with a number in one of the ranges or among these, by number, without those that the chain dropped."""
    rows = transaction.rows(
        """
        SELECT trade.source_trade_id, trade.trader_address, trade.side, trade.trade_time
        FROM unnest(:afters::bigint[], :tos::bigint[]) AS asked (after, upto)
        INNER JOIN source_trades AS trade
            ON trade.source_trade_id > asked.after AND trade.source_trade_id <= asked.upto
        WHERE trade.dropped_at IS NULL
        UNION
        SELECT source_trade_id, trader_address, side, trade_time FROM source_trades
        WHERE source_trade_id = ANY(:numbers::bigint[]) AND dropped_at IS NULL
        ORDER BY 1
        """,
        afters=[each.after for each in ranges],
        tos=[each.to for each in ranges],
        numbers=sorted(numbers),
    )
    return [
        BriefTrade(row["source_trade_id"], row["trader_address"], row["side"] == "BUY", row["trade_time"])
        for row in rows
    ]


# The limits keep each subject's part a short walk over the index of its own decisions, whatever the planner guesses.
_BY_WALLET = """
SELECT asked.subject, found.source_trade_id
FROM unnest(:wallets::uuid[], :wallet_subjects::integer[], :wallet_positions::bigint[])
    AS asked (ft_wallet_id, subject, position)
CROSS JOIN unnest(:afters::bigint[], :tos::bigint[]) AS span (after, upto)
CROSS JOIN LATERAL (
    SELECT source_trade_id FROM decisions
    WHERE
        decisions.ft_wallet_id = asked.ft_wallet_id AND decisions.lt_strategy_id IS NULL
        AND source_trade_id > greatest(asked.position, span.after) AND source_trade_id <= span.upto
    ORDER BY source_trade_id LIMIT 1000000
) AS found
UNION ALL
SELECT asked.subject, found.source_trade_id
FROM unnest(:waiting_wallets::uuid[], :waiting_wallet_subjects::integer[], :waiting_wallet_trades::bigint[])
    AS asked (ft_wallet_id, subject, source_trade_id)
CROSS JOIN LATERAL (
    SELECT source_trade_id FROM decisions
    WHERE
        decisions.ft_wallet_id = asked.ft_wallet_id AND decisions.lt_strategy_id IS NULL
        AND decisions.source_trade_id = asked.source_trade_id
    LIMIT 1
) AS found
"""
_BY_STRATEGY = """
SELECT asked.subject, found.source_trade_id
FROM unnest(:strategies::uuid[], :strategy_subjects::integer[], :strategy_positions::bigint[])
    AS asked (lt_strategy_id, subject, position)
CROSS JOIN unnest(:afters::bigint[], :tos::bigint[]) AS span (after, upto)
CROSS JOIN LATERAL (
    SELECT source_trade_id FROM decisions
    WHERE
        decisions.lt_strategy_id = asked.lt_strategy_id
        AND source_trade_id > greatest(asked.position, span.after) AND source_trade_id <= span.upto
    ORDER BY source_trade_id LIMIT 1000000
) AS found
UNION ALL
SELECT asked.subject, found.source_trade_id
FROM unnest(:waiting_strategies::uuid[], :waiting_strategy_subjects::integer[], :waiting_strategy_trades::bigint[])
    AS asked (lt_strategy_id, subject, source_trade_id)
CROSS JOIN LATERAL (
    SELECT source_trade_id FROM decisions
    WHERE
        decisions.lt_strategy_id = asked.lt_strategy_id
        AND decisions.source_trade_id = asked.source_trade_id
    LIMIT 1
) AS found
"""


def decided(
    transaction: Transaction, marks: Mapping[SubjectKey, Mark], ranges: Sequence[NumberRange]
) -> dict[SubjectKey, set[int]]:
    """By subject the numbers that it has decided: those past its mark in these ranges, and those that it let wait."""
    keys = list(marks)
    wallets = [(key[0], number) for number, key in enumerate(keys) if key[1] is None]
    strategies = [(key[1], number) for number, key in enumerate(keys) if key[1] is not None]
    wallets_wait = [(id_, number, each) for id_, number in wallets for each in marks[keys[number]].waiting]
    strategies_wait = [(id_, number, each) for id_, number in strategies for each in marks[keys[number]].waiting]
    rows = transaction.rows(
        f"{_BY_WALLET} UNION ALL {_BY_STRATEGY}",
        wallets=[str(id_) for id_, _ in wallets],
        wallet_subjects=[number for _, number in wallets],
        wallet_positions=[marks[keys[number]].position for _, number in wallets],
        waiting_wallets=[str(id_) for id_, _, _ in wallets_wait],
        waiting_wallet_subjects=[number for _, number, _ in wallets_wait],
        waiting_wallet_trades=[each for _, _, each in wallets_wait],
        strategies=[str(id_) for id_, _ in strategies],
        strategy_subjects=[number for _, number in strategies],
        strategy_positions=[marks[keys[number]].position for _, number in strategies],
        waiting_strategies=[str(id_) for id_, _, _ in strategies_wait],
        waiting_strategy_subjects=[number for _, number, _ in strategies_wait],
        waiting_strategy_trades=[each for _, _, each in strategies_wait],
        afters=[each.after for each in ranges],
        tos=[each.to for each in ranges],
    )
    found: dict[SubjectKey, set[int]] = {}
    for row in rows:
        found.setdefault(keys[row["subject"]], set()).add(row["source_trade_id"])
    return found
