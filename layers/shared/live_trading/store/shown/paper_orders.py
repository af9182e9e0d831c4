"""Paper orders as their owner sees them: what each came to on the book, how it ended, and what its market says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.exits import ExitReason
from live_trading.nouns.markets import ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.wallets import Outcome
from live_trading.signals.config import PaperFillMethod
from live_trading.signals.paper import FillResult
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPaperOrder:
    """One bet on paper. `cost` and `fee` are of all that was bought, the exits of what was sold of it since."""

    ft_order_id: UUID
    ft_wallet_id: UUID
    config_version: int
    source_trade_id: int
    trader: str
    condition_id: str
    token_id: str
    title: str
    slug: str
    outcome_label: str
    outcome_index: int
    signal_price: Price
    stake: Usd
    fill_method: PaperFillMethod
    fill_result: FillResult
    fill_price: Price | None
    shares: Shares
    cost: Usd
    fee: Usd
    book_hash: str | None
    book_taken_at: datetime | None
    exited: Shares
    exit_proceeds: Usd
    exit_fee: Usd
    outcome: Outcome
    pnl: Usd | None
    trade_time: datetime
    decided_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSale:
    """A sale of a wallet's token, which closes the oldest orders first."""

    reason: ExitReason
    shares: Shares
    proceeds: Usd
    fee: Usd
    limit_price: Price
    book_hash: str
    book_taken_at: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketResult:
    """How far a market is, and what a share of the outcome pays once it is resolved."""

    state: ResolutionState
    since: datetime
    payout: Decimal | None
    resolved_at: datetime | None


# So many of a token's newest sales are shown with an order.
MOST_SALES = 100
_ORDERS = """
SELECT paper.*, trade.trader_address, trade.title, trade.slug, trade.outcome AS outcome_label
FROM {paper} INNER JOIN source_trades AS trade USING (source_trade_id)
"""
_NEWEST = """
(
    SELECT newest.* FROM unnest(:outcomes::text[]) AS asked (outcome)
    CROSS JOIN LATERAL (
        SELECT * FROM ft_orders AS every
        WHERE
            every.ft_wallet_id = :ft_wallet_id AND every.outcome = asked.outcome
            AND every.decided_at >= coalesce(:since::timestamptz, '-infinity')
            AND every.decided_at < coalesce(:until::timestamptz, 'infinity')
            AND (every.decided_at, every.source_trade_id)
            < (coalesce(:after_at::timestamptz, 'infinity'), :after_number::bigint)
        ORDER BY every.decided_at DESC, every.source_trade_id DESC LIMIT :rows_to_read
    ) AS newest
    WHERE EXISTS (SELECT 1 FROM ft_wallets WHERE ft_wallet_id = :ft_wallet_id AND owner_id = :owner_id)
    ORDER BY newest.decided_at DESC, newest.source_trade_id DESC LIMIT :rows_to_read
) AS paper
"""


def of_wallet(
    transaction: Transaction,
    owner_id: str,
    ft_wallet_id: UUID,
    *,
    outcomes: Collection[Outcome],
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> list[ShownPaperOrder]:
    """The orders of one of the owner's FT wallets with one of these outcomes, by when they were decided."""
    rows = transaction.rows(
        _ORDERS.format(paper=_NEWEST) + "ORDER BY paper.decided_at DESC, paper.source_trade_id DESC",
        owner_id=owner_id,
        ft_wallet_id=ft_wallet_id,
        outcomes=[each.value for each in outcomes],
        since=since,
        until=until,
        after_at=page.after_at,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_order(row) for row in rows]


def find(transaction: Transaction, ft_order_id: UUID, owner_id: str) -> ShownPaperOrder | None:
    """The owner's paper order of that id."""
    row = transaction.row(
        _ORDERS.format(paper="ft_orders AS paper")
        + """
        INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
        WHERE paper.ft_order_id = :ft_order_id AND wallet.owner_id = :owner_id
        """,
        ft_order_id=ft_order_id,
        owner_id=owner_id,
    )
    return None if row is None else _order(row)


def sales_of(transaction: Transaction, order: ShownPaperOrder) -> list[PaperSale]:
    """The newest sales of the order's token out of its wallet since it was bought."""
    rows = transaction.rows(
        """
        SELECT * FROM ft_exits
        WHERE ft_wallet_id = :ft_wallet_id AND token_id = :token_id AND decided_at >= :bought_at
        ORDER BY ft_exit_id DESC LIMIT :most
        """,
        ft_wallet_id=order.ft_wallet_id,
        token_id=order.token_id,
        bought_at=order.decided_at,
        most=MOST_SALES,
    )
    return [
        PaperSale(
            reason=ExitReason(row["exit_reason"]),
            shares=Shares(row["shares"]),
            proceeds=Usd(row["proceeds_usd"]),
            fee=Usd(row["fee_usd"]),
            limit_price=Price(row["limit_price"]),
            book_hash=row["book_hash"],
            book_taken_at=row["book_taken_at"],
            decided_at=row["decided_at"],
        )
        for row in rows
    ]


def result_of(transaction: Transaction, order: ShownPaperOrder) -> MarketResult:
    """What the order's market has come to."""
    row = transaction.only(
        """
        SELECT
            resolution_state, resolution_state_since, resolved_at,
            payout_numerators[:outcome_index::integer + 1] AS numerator, payout_denominator
        FROM markets WHERE condition_id = :condition_id
        """,
        condition_id=order.condition_id,
        outcome_index=order.outcome_index,
    )
    is_paid = row["numerator"] is not None and row["payout_denominator"] is not None
    return MarketResult(
        state=ResolutionState(row["resolution_state"]),
        since=row["resolution_state_since"],
        payout=Decimal(row["numerator"]) / Decimal(row["payout_denominator"]) if is_paid else None,
        resolved_at=row["resolved_at"],
    )


def decision_of(transaction: Transaction, order: ShownPaperOrder) -> int | None:
    """The decision that the order came of."""
    row = transaction.row(
        """
        SELECT decision_id FROM decisions
        WHERE ft_wallet_id = :ft_wallet_id AND source_trade_id = :source_trade_id AND lt_strategy_id IS NULL
        """,
        ft_wallet_id=order.ft_wallet_id,
        source_trade_id=order.source_trade_id,
    )
    return None if row is None else int(row["decision_id"])


def _order(row: Row) -> ShownPaperOrder:
    return ShownPaperOrder(
        ft_order_id=row["ft_order_id"],
        ft_wallet_id=row["ft_wallet_id"],
        config_version=row["config_version"],
        source_trade_id=row["source_trade_id"],
        trader=row["trader_address"],
        condition_id=row["condition_id"],
        token_id=row["token_id"],
        title=row["title"],
        slug=row["slug"],
        outcome_label=row["outcome_label"],
        outcome_index=row["outcome_index"],
        signal_price=Price(row["signal_price"]),
        stake=Usd(row["stake_usd"]),
        fill_method=PaperFillMethod(row["fill_method"]),
        fill_result=FillResult(row["fill_result"]),
        fill_price=None if row["fill_price"] is None else Price(row["fill_price"]),
        shares=Shares(row["shares"]),
        cost=Usd(row["cost_usd"]),
        fee=Usd(row["fee_usd"]),
        book_hash=row["book_hash"],
        book_taken_at=row["book_taken_at"],
        exited=Shares(row["exited_shares"]),
        exit_proceeds=Usd(row["exit_proceeds_usd"]),
        exit_fee=Usd(row["exit_fee_usd"]),
        outcome=Outcome(row["outcome"]),
        pnl=None if row["pnl_usd"] is None else Usd(row["pnl_usd"]),
        trade_time=row["trade_time"],
        decided_at=row["decided_at"],
        resolved_at=row["resolved_at"],
    )
