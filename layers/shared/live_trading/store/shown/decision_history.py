"""Decisions as their owner sees them, with the trades that they were made on; newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.nouns.decisions import Check, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked, Place
from live_trading.risk.results import RuleName, RuleVerdict
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.feed.kept_decisions import check_of
from live_trading.store.shown.bounded_looks import Looked, rows_to_look_at
from live_trading.store.shown.trade_history import SeenTrade, seen_trade


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptResult:
    """What one rule of the gate said, as it is kept."""

    rule: RuleName
    observed: str | None
    limit: str
    verdict: RuleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDecision:
    """A decision on a trade. `checks` are those that are kept: of a refusal what failed, otherwise all."""

    decision_id: int
    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    config_version: int
    trade: SeenTrade
    verdict: Verdict
    reason: Reason
    checks: tuple[Check, ...]
    rules: tuple[KeptResult, ...]
    stake: Usd
    probability: Decimal | None
    cost_per_share: Decimal | None
    edge: Decimal | None
    conviction: Decimal | None
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOrder:
    """An order that came of a decision: live, or on paper."""

    order_id: UUID
    state: str
    outcome: str


# The decisions of one subject by reason, each from its newest on, and together as many as are looked at.
_LOOKED_AT = """
WITH subject AS (
    SELECT lt_strategy_id AS id FROM lt_strategies WHERE lt_strategy_id = :subject_id AND owner_id = :owner_id
    UNION ALL
    SELECT ft_wallet_id AS id FROM ft_wallets WHERE ft_wallet_id = :subject_id AND owner_id = :owner_id
), looked AS MATERIALIZED (
    SELECT newest.* FROM subject CROSS JOIN unnest(:reasons::text[]) AS asked (reason)
    CROSS JOIN LATERAL (
        SELECT * FROM decisions AS every
        WHERE
            coalesce(every.lt_strategy_id, every.ft_wallet_id) = subject.id AND every.reason = asked.reason
            AND every.decided_at >= coalesce(:since::timestamptz, '-infinity')
            AND every.decided_at < coalesce(:until::timestamptz, 'infinity')
            AND (every.decided_at, every.decision_id)
            < (coalesce(:after_at::timestamptz, 'infinity'), :after_number::bigint)
        ORDER BY every.decided_at DESC, every.decision_id DESC LIMIT :looked
    ) AS newest
    ORDER BY newest.decided_at DESC, newest.decision_id DESC LIMIT :looked
), horizon AS (
    SELECT decided_at AS looked_to_at, decision_id AS looked_to_number FROM looked
    WHERE (SELECT count(*) FROM looked) = :looked ORDER BY decided_at, decision_id LIMIT 1
), matched AS (
    SELECT looked.*, {trade} FROM looked INNER JOIN source_trades AS trade USING (source_trade_id)
    WHERE
        (:trader::text IS NULL OR trade.trader_address = :trader)
        AND (:condition_id::text IS NULL OR trade.condition_id = :condition_id)
    ORDER BY looked.decided_at DESC, looked.decision_id DESC LIMIT :rows_to_read
)
SELECT matched.*, horizon.* FROM (VALUES (1)) AS always LEFT JOIN horizon ON TRUE LEFT JOIN matched ON TRUE
ORDER BY matched.decided_at DESC, matched.decision_id DESC
"""
_OWNED = """
SELECT decision.*, {trade}
FROM decisions AS decision
INNER JOIN source_trades AS trade USING (source_trade_id)
INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
LEFT JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = decision.lt_strategy_id
WHERE coalesce(strategy.owner_id, wallet.owner_id) = :owner_id
"""
_TRADE = """
    trade.transaction_hash, trade.token_id, trade.trader_address, trade.side, trade.price, trade.shares,
    trade.occurrence, trade.condition_id, trade.outcome, trade.outcome_index, trade.title, trade.slug, trade.trade_time,
    trade.seen_at, trade.source, trade.block_number, trade.listed_at, trade.dropped_at
"""


def of_subject(
    transaction: Transaction,
    owner_id: str,
    *,
    subject_id: UUID,
    reasons: Collection[Reason],
    trader: str | None,
    condition_id: str | None,
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> Looked[ShownDecision]:
    """Decisions of one of the owner's strategies, or that one of the owner's FT wallets made itself.

    Somebody else's has none. Where a trader or a condition is asked for, a bounded part is looked at.
    """
    is_filtered = trader is not None or condition_id is not None
    rows = transaction.rows(
        _LOOKED_AT.format(trade=_TRADE),
        owner_id=owner_id,
        subject_id=subject_id,
        reasons=[each.value for each in reasons],
        trader=trader,
        condition_id=condition_id,
        since=since,
        until=until,
        after_at=page.after_at,
        after_number=page.after_number,
        looked=rows_to_look_at(page, is_filtered=is_filtered),
        rows_to_read=page.rows_to_read,
    )
    found = [_shown(row) for row in rows if row["decision_id"] is not None]
    at = rows[0]["looked_to_at"] if is_filtered else None
    looked_to = None if at is None else Place(at=at, row=str(rows[0]["looked_to_number"]))
    return Looked(rows=found, looked_to=looked_to)


def on_trade(
    transaction: Transaction,
    owner_id: str,
    source_trade_id: int,
    *,
    subject_id: UUID | None,
    reasons: Collection[Reason],
    trader: str | None = None,
    condition_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    page: PageAsked,
) -> list[ShownDecision]:
    """The owner's decisions on one trade, of which there is one a strategy and one an FT wallet."""
    rows = transaction.rows(
        _OWNED.format(trade=_TRADE)
        + """
        AND decision.source_trade_id = :source_trade_id AND decision.reason = ANY(:reasons::text[])
        AND (:subject_id::uuid IS NULL OR coalesce(decision.lt_strategy_id, decision.ft_wallet_id) = :subject_id)
        AND (:trader::text IS NULL OR trade.trader_address = :trader)
        AND (:condition_id::text IS NULL OR trade.condition_id = :condition_id)
        AND decision.decided_at >= coalesce(:since::timestamptz, '-infinity')
        AND decision.decided_at < coalesce(:until::timestamptz, 'infinity')
        AND (decision.decided_at, decision.decision_id)
        < (coalesce(:after_at::timestamptz, 'infinity'), :after_number::bigint)
        ORDER BY decision.decided_at DESC, decision.decision_id DESC LIMIT :rows_to_read
        """,
        owner_id=owner_id,
        source_trade_id=source_trade_id,
        subject_id=subject_id,
        reasons=[each.value for each in reasons],
        trader=trader,
        condition_id=condition_id,
        since=since,
        until=until,
        after_at=page.after_at,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_shown(row) for row in rows]


def find(transaction: Transaction, decision_id: int, owner_id: str) -> ShownDecision | None:
    """The owner's decision of that id."""
    row = transaction.row(
        _OWNED.format(trade=_TRADE) + "AND decision.decision_id = :decision_id",
        owner_id=owner_id,
        decision_id=decision_id,
    )
    return None if row is None else _shown(row)


def live_orders_of(transaction: Transaction, decision_id: int) -> list[MadeOrder]:
    """The orders of a strategy that came of its decision, the first attempt first."""
    rows = transaction.rows(
        """
        SELECT lt_order_id, state, outcome FROM lt_orders
        WHERE decision_id = :decision_id ORDER BY intent_at, lt_order_id
        """,
        decision_id=decision_id,
    )
    return [MadeOrder(order_id=row["lt_order_id"], state=row["state"], outcome=row["outcome"]) for row in rows]


def paper_order_of(transaction: Transaction, ft_wallet_id: UUID, source_trade_id: int) -> MadeOrder | None:
    """The paper order of an FT wallet on a trade; its state is how it was filled."""
    row = transaction.row(
        """
        SELECT ft_order_id, fill_result, outcome FROM ft_orders
        WHERE ft_wallet_id = :ft_wallet_id AND source_trade_id = :source_trade_id
        """,
        ft_wallet_id=ft_wallet_id,
        source_trade_id=source_trade_id,
    )
    if row is None:
        return None
    return MadeOrder(order_id=row["ft_order_id"], state=row["fill_result"], outcome=row["outcome"])


def _shown(row: Row) -> ShownDecision:
    reason = Reason(row["reason"])
    return ShownDecision(
        decision_id=row["decision_id"],
        ft_wallet_id=row["ft_wallet_id"],
        lt_strategy_id=row["lt_strategy_id"],
        config_version=row["config_version"],
        trade=seen_trade(row),
        verdict=Verdict(row["verdict"]),
        reason=reason,
        checks=tuple(check_of(each, reason) for each in row["checks"]),
        rules=_results(row["risk_checks"]),
        stake=Usd(row["stake_usd"]),
        probability=row["probability"],
        cost_per_share=row["cost_per_share"],
        edge=row["edge"],
        conviction=row["conviction"],
        decided_at=row["decided_at"],
    )


def _results(kept: Sequence[dict[str, Any]]) -> tuple[KeptResult, ...]:
    return tuple(
        KeptResult(
            rule=RuleName(each["rule"]),
            observed=each["observed"],
            limit=each["limit"],
            verdict=RuleVerdict(each["verdict"]),
        )
        for each in kept
    )
