"""Paper orders: what an FT wallet's accepted decisions came to on the book, and how they ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.wallets import Outcome
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOrder:
    """One accepted decision with its fill and the evidence for it.

    `fill_method` is `book` or `fixed_slippage`; `fill_result` FULL, PARTIAL or NONE. `cost` is shares at their
    prices without the `fee`.
    """

    ft_order_id: UUID
    ft_wallet_id: UUID
    config_version: int
    source_trade_id: int
    token_id: str
    condition_id: str
    outcome_index: int
    signal_price: Price
    stake: Usd
    fill_method: str
    fill_result: str
    fill_price: Price | None
    shares: Shares
    cost: Usd
    fee: Usd
    book_hash: str | None
    book_taken_at: datetime | None
    trade_time: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPaperOrder:
    """A filled paper order that waits for its market: `shares` are what is left of it, `exited` what the rest brought.

    `cost` and `fee` are of all that was bought; `exited` is without the sales' fees.
    """

    ft_order_id: UUID
    outcome_index: int
    shares: Shares
    cost: Usd
    fee: Usd
    exited: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperEnd:
    """How a paper order ended: its outcome and its profit after fees."""

    ft_order_id: UUID
    outcome: Outcome
    pnl: Usd


def insert(transaction: Transaction, orders: Sequence[PaperOrder]) -> None:
    """Stores paper orders. One that nothing filled has ended: NOT_FILLED, with a profit of zero."""
    if not orders:
        return
    transaction.execute(
        """
        INSERT INTO ft_orders (
            ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
            signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, book_hash,
            book_taken_at, trade_time, decided_at, outcome, pnl_usd, resolved_at
        )
        SELECT
            filled.*,
            CASE fill_result WHEN 'NONE' THEN 'NOT_FILLED' ELSE 'OPEN' END,
            CASE fill_result WHEN 'NONE' THEN 0 END,
            CASE fill_result WHEN 'NONE' THEN decided_at END
        FROM unnest(
            :ids::uuid[], :wallets::uuid[], :versions::integer[], :source_trades::bigint[], :tokens::text[],
            :conditions::text[], :outcome_indexes::integer[], :signal_prices::numeric[], :stakes::numeric[],
            :methods::text[], :results::text[], :prices::numeric[], :shares::numeric[], :costs::numeric[],
            :fees::numeric[], :book_hashes::text[], :books_taken_at::timestamptz[], :trade_times::timestamptz[],
            :decided_at::timestamptz[]
        ) AS filled (
            ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
            signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd, book_hash,
            book_taken_at, trade_time, decided_at
        )
        """,
        ids=[str(order.ft_order_id) for order in orders],
        wallets=[str(order.ft_wallet_id) for order in orders],
        versions=[order.config_version for order in orders],
        source_trades=[order.source_trade_id for order in orders],
        tokens=[order.token_id for order in orders],
        conditions=[order.condition_id for order in orders],
        outcome_indexes=[order.outcome_index for order in orders],
        signal_prices=[order.signal_price for order in orders],
        stakes=[order.stake for order in orders],
        methods=[order.fill_method for order in orders],
        results=[order.fill_result for order in orders],
        prices=[order.fill_price for order in orders],
        shares=[order.shares for order in orders],
        costs=[order.cost for order in orders],
        fees=[order.fee for order in orders],
        book_hashes=[order.book_hash for order in orders],
        books_taken_at=[order.book_taken_at for order in orders],
        trade_times=[order.trade_time for order in orders],
        decided_at=[order.decided_at for order in orders],
    )


def open_conditions(transaction: Transaction) -> dict[str, int]:
    """Conditions in which paper orders are still open, and how many."""
    rows = transaction.rows(
        """
        SELECT condition_id, count(*) AS orders FROM ft_orders
        WHERE outcome = 'OPEN' GROUP BY condition_id ORDER BY condition_id
        """
    )
    return {row["condition_id"]: row["orders"] for row in rows}


def open_in(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, list[OpenPaperOrder]]:
    """The open paper orders of conditions, of all wallets, by condition; locked against sales until the end."""
    rows = transaction.rows(
        """
        SELECT
            condition_id, ft_order_id, outcome_index, shares - exited_shares AS shares, cost_usd, fee_usd,
            exit_proceeds_usd - exit_fee_usd AS exited
        FROM ft_orders
        WHERE condition_id = ANY(:condition_ids::text[]) AND outcome = 'OPEN'
        ORDER BY decided_at, source_trade_id
        FOR NO KEY UPDATE
        """,
        condition_ids=list(condition_ids),
    )
    found: dict[str, list[OpenPaperOrder]] = {each: [] for each in condition_ids}
    for row in rows:
        found[row["condition_id"]].append(
            OpenPaperOrder(
                ft_order_id=row["ft_order_id"],
                outcome_index=row["outcome_index"],
                shares=Shares(row["shares"]),
                cost=Usd(row["cost_usd"]),
                fee=Usd(row["fee_usd"]),
                exited=Usd(row["exited"]),
            )
        )
    return found


def close(transaction: Transaction, ends: Sequence[PaperEnd], now: datetime) -> int:
    """Writes outcomes of orders that are still open and returns how many were."""
    if not ends:
        return 0
    return transaction.execute(
        """
        UPDATE ft_orders SET outcome = ended.outcome, pnl_usd = ended.pnl_usd, resolved_at = :now
        FROM unnest(:ids::uuid[], :outcomes::text[], :pnls::numeric[]) AS ended (ft_order_id, outcome, pnl_usd)
        WHERE ft_orders.ft_order_id = ended.ft_order_id AND ft_orders.outcome = 'OPEN'
        """,
        ids=[str(end.ft_order_id) for end in ends],
        outcomes=[end.outcome for end in ends],
        pnls=[end.pnl for end in ends],
        now=now,
    )
