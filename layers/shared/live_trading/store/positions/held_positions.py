"""What strategies hold of each token, and how much of it may be sold now; reads what is held, never what was."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """Shares of one token that the ledger has at cost.

    `settled` leaves out what has matched and is not confirmed, `sellable` also what open sales may still take and what
    is missing on the chain.
    """

    lt_strategy_id: UUID
    condition_id: str
    token_id: str
    outcome_index: int
    shares: Shares
    cost: Usd
    settled: Shares
    sellable: Shares


# What an open break says is gone is gone of everybody in the same part, until somebody says whose it was.
_HELD = """
SELECT
    booked.lt_strategy_id, booked.token_id, placed.condition_id,
    array_position(market.token_ids, booked.token_id) - 1 AS outcome_index,
    booked.shares, booked.amount_usd AS cost, booked.shares - coming.shares AS settled,
    greatest(least(booked.shares - coming.shares, coalesce(remaining.shares, booked.shares)) - leaving.shares, 0)
        AS sellable
FROM {booked}
CROSS JOIN LATERAL (
    SELECT condition_id FROM (
        (
            SELECT intent.condition_id FROM lt_orders AS intent
            WHERE intent.lt_strategy_id = booked.lt_strategy_id AND intent.token_id = booked.token_id LIMIT 1
        )
        UNION ALL
        (
            SELECT given.condition_id FROM position_corrections AS given
            WHERE given.lt_strategy_id = booked.lt_strategy_id AND given.token_id = booked.token_id LIMIT 1
        )
    ) AS known LIMIT 1
) AS placed
INNER JOIN markets AS market ON market.condition_id = placed.condition_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE
        fill.trading_wallet_id = booked.trading_wallet_id AND fill.status NOT IN ('CONFIRMED', 'FAILED')
        AND fill.lt_strategy_id = booked.lt_strategy_id AND fill.token_id = booked.token_id AND fill.side = 'BUY'
) AS coming
CROSS JOIN LATERAL (
    SELECT coalesce(sum(intent.order_shares - sold.shares), 0) AS shares
    FROM lt_orders AS intent
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
        WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
    ) AS sold
    WHERE
        intent.trading_wallet_id = booked.trading_wallet_id
        AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
        AND intent.lt_strategy_id = booked.lt_strategy_id AND intent.token_id = booked.token_id
        AND intent.side = 'SELL'
) AS leaving
CROSS JOIN LATERAL (
    SELECT min(trunc(booked.shares * gap.observed / gap.expected, 6)) AS shares FROM breaks AS gap
    WHERE
        gap.trading_wallet_id = booked.trading_wallet_id AND gap.subject = booked.token_id AND gap.closed_at IS NULL
        AND gap.kind IN ('TOKEN_BALANCE', 'UNKNOWN_TRADE')
        AND gap.observed BETWEEN 0 AND gap.expected AND gap.expected > 0
) AS remaining
WHERE
    booked.lt_strategy_id = ANY(:lt_strategy_ids::uuid[]) AND booked.account = 'POSITION_COST' AND booked.shares > 0
    AND (:token_id::text IS NULL OR booked.token_id = :token_id)
ORDER BY booked.lt_strategy_id, booked.token_id
"""
_ALL = _HELD.format(booked="ledger_holdings AS booked")
_PAGE = _HELD.format(
    booked="""(
    SELECT * FROM ledger_holdings
    WHERE
        lt_strategy_id = :lt_strategy_id AND account = 'POSITION_COST' AND shares > 0 AND token_id > :after
    ORDER BY token_id LIMIT :rows_to_read
) AS booked"""
)


def page_of_strategy(transaction: Transaction, lt_strategy_id: UUID, page: PageAsked) -> list[HeldPosition]:
    """A page of the positions of the strategy that are not resolved, in the order of their tokens."""
    rows = transaction.rows(
        _PAGE,
        lt_strategy_ids=[lt_strategy_id],
        lt_strategy_id=lt_strategy_id,
        token_id=None,
        after=page.after_text or "",
        rows_to_read=page.rows_to_read,
    )
    return [_held(row) for row in rows]


def of_strategy(transaction: Transaction, lt_strategy_id: UUID, token_id: str | None = None) -> list[HeldPosition]:
    """Every position of the strategy that is not resolved, or the one of a token."""
    rows = transaction.rows(_ALL, lt_strategy_ids=[lt_strategy_id], token_id=token_id)
    return [_held(row) for row in rows]


def of_strategies(transaction: Transaction, lt_strategy_ids: Collection[UUID]) -> dict[UUID, list[HeldPosition]]:
    """By strategy every position that is not resolved, in one statement; those that hold nothing are missing."""
    found: dict[UUID, list[HeldPosition]] = {}
    for row in transaction.rows(_ALL, lt_strategy_ids=list(lt_strategy_ids), token_id=None):
        found.setdefault(row["lt_strategy_id"], []).append(_held(row))
    return found


def held_after_traders(
    transaction: Transaction, lt_strategy_ids: Collection[UUID]
) -> dict[UUID, dict[tuple[str, str], datetime | None]]:
    """By strategy and (trader, token) what was bought after them, or is being bought; all of them in one statement.

    None: an order has no outcome before its market resolves or its position is counted as sold, and until then it is
    held. Every strategy that was asked for is in the answer.
    """
    rows = transaction.rows(
        """
        SELECT DISTINCT intent.lt_strategy_id, trade.trader_address, intent.token_id FROM lt_orders AS intent
        INNER JOIN source_trades AS trade USING (source_trade_id)
        WHERE
            intent.lt_strategy_id = ANY(:lt_strategy_ids::uuid[]) AND intent.purpose = 'ENTRY'
            AND intent.outcome = 'OPEN'
        """,
        lt_strategy_ids=list(lt_strategy_ids),
    )
    found: dict[UUID, dict[tuple[str, str], datetime | None]] = {each: {} for each in lt_strategy_ids}
    for row in rows:
        found[row["lt_strategy_id"]][(row["trader_address"], row["token_id"])] = None
    return found


def _held(row: Row) -> HeldPosition:
    return HeldPosition(
        lt_strategy_id=row["lt_strategy_id"],
        condition_id=row["condition_id"],
        token_id=row["token_id"],
        outcome_index=row["outcome_index"],
        shares=Shares(row["shares"]),
        cost=Usd(row["cost"]),
        settled=Shares(row["settled"]),
        sellable=Shares(row["sellable"]),
    )
