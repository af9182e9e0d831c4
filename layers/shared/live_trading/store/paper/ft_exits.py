"""Paper sales: what was sold of a wallet's token, and what it closed of the orders that had bought it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.exits.paper_legs import ExitLeg, HeldOrder
from live_trading.exits.trader_exits import OwnBuy, OwnSale
from live_trading.nouns.errors import RetryLater
from live_trading.nouns.exits import ExitReason
from live_trading.nouns.money import Price, Shares, Usd, total_shares, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperExit:
    """One sale; `proceeds` is without the `fee`, and the book's hash and time are the evidence."""

    ft_wallet_id: UUID
    token_id: str
    condition_id: str
    reason: ExitReason
    shares: Shares
    proceeds: Usd
    fee: Usd
    limit_price: Price
    book_hash: str
    book_taken_at: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperHolding:
    """What a wallet holds of a token in a market that is not resolved.

    `orders` are those of which something is left, the oldest first, and `paid` what that had cost. `bought` and `sold`
    are all that ever came and left but for traders' sales, which are in `sold_for_trader`; what was bought counts from
    the trade that it copies, so that a trader who sold before our order was filled has left it too.
    """

    ft_wallet_id: UUID
    token_id: str
    condition_id: str
    outcome_index: int
    opened_at: datetime
    orders: tuple[HeldOrder, ...]
    paid: Usd
    bought: tuple[OwnBuy, ...]
    sold: tuple[OwnSale, ...]
    sold_for_trader: Shares

    @property
    def shares(self) -> Shares:
        return total_shares([order.left for order in self.orders])


def holdings(transaction: Transaction, ft_wallet_ids: Collection[UUID]) -> list[PaperHolding]:
    """Every token of which an order of these wallets is open, by wallet and token; two statements for all of them."""
    bought = transaction.rows(
        """
        SELECT paper.*, trade.trader_address, trade.trade_time AS traded_at
        FROM (
            SELECT DISTINCT ft_wallet_id, token_id FROM ft_orders
            WHERE ft_wallet_id = ANY(:ft_wallet_ids::uuid[]) AND outcome = 'OPEN'
        ) AS held
        -- OFFSET 0: what is held is looked up, position by position; all that ever was is not read to join it.
        CROSS JOIN LATERAL (
            SELECT * FROM ft_orders AS every
            WHERE
                every.ft_wallet_id = held.ft_wallet_id AND every.token_id = held.token_id
                AND every.outcome IN ('OPEN', 'SOLD')
            OFFSET 0
        ) AS paper
        INNER JOIN source_trades AS trade USING (source_trade_id)
        ORDER BY paper.ft_wallet_id, paper.token_id, paper.decided_at, paper.source_trade_id
        """,
        ft_wallet_ids=list(ft_wallet_ids),
    )
    by_position: dict[tuple[UUID, str], list[Row]] = {}
    for row in bought:
        by_position.setdefault((row["ft_wallet_id"], row["token_id"]), []).append(row)
    if not by_position:
        return []
    gone: defaultdict[tuple[UUID, str], list[Row]] = defaultdict(list)
    for row in transaction.rows(
        """
        SELECT sale.ft_wallet_id, sale.token_id, sale.exit_reason, sale.shares, sale.decided_at
        FROM unnest(:wallets::uuid[], :tokens::text[]) AS asked (ft_wallet_id, token_id)
        CROSS JOIN LATERAL (
            SELECT * FROM ft_exits AS every
            WHERE every.ft_wallet_id = asked.ft_wallet_id AND every.token_id = asked.token_id OFFSET 0
        ) AS sale
        ORDER BY sale.ft_exit_id
        """,
        wallets=[wallet for wallet, _ in by_position],
        tokens=[token_id for _, token_id in by_position],
    ):
        gone[(row["ft_wallet_id"], row["token_id"])].append(row)
    return [_holding(rows, gone[position]) for position, rows in by_position.items()]


def held_after_traders(
    transaction: Transaction, ft_wallet_ids: Collection[UUID], *, sold_since: datetime
) -> dict[UUID, dict[tuple[str, str], datetime | None]]:
    """By wallet and (trader, token) what was bought after them: when the last of it was sold, None where it is held.

    What was sold as a whole before `sold_since` is left out. One statement for all; every wallet that was asked for is
    in the answer.
    """
    rows = transaction.rows(
        """
        SELECT
            paper.ft_wallet_id, trade.trader_address, paper.token_id,
            CASE WHEN count(*) = count(paper.resolved_at) THEN max(paper.resolved_at) END AS left_at
        FROM (
            SELECT ft_wallet_id, token_id, condition_id, source_trade_id, resolved_at FROM ft_orders
            WHERE ft_wallet_id = ANY(:ft_wallet_ids::uuid[]) AND outcome = 'OPEN'
            UNION ALL
            SELECT ft_wallet_id, token_id, condition_id, source_trade_id, resolved_at FROM ft_orders
            WHERE ft_wallet_id = ANY(:ft_wallet_ids::uuid[]) AND outcome = 'SOLD' AND resolved_at >= :sold_since
        ) AS paper
        INNER JOIN source_trades AS trade USING (source_trade_id)
        WHERE (
            SELECT market.resolution_state FROM markets AS market WHERE market.condition_id = paper.condition_id
        ) <> 'RESOLVED'
        GROUP BY paper.ft_wallet_id, trade.trader_address, paper.token_id
        """,
        ft_wallet_ids=list(ft_wallet_ids),
        sold_since=sold_since,
    )
    found: dict[UUID, dict[tuple[str, str], datetime | None]] = {each: {} for each in ft_wallet_ids}
    for row in rows:
        found[row["ft_wallet_id"]][(row["trader_address"], row["token_id"])] = row["left_at"]
    return found


class SaleNotPossible(RetryLater):
    """An order that was to be sold has ended since it was read: nothing of the sales is stored."""


def record(transaction: Transaction, sales: Sequence[tuple[PaperExit, Sequence[ExitLeg]]], now: datetime) -> None:
    """Stores sales and takes their parts off the orders; an order of which nothing is left has ended as SOLD.

    Two statements, however many there are. Raises SaleNotPossible.
    """
    if not sales:
        return
    exits = [sale for sale, _ in sales]
    transaction.execute(
        """
        INSERT INTO ft_exits (
            ft_wallet_id, token_id, condition_id, exit_reason, shares, proceeds_usd, fee_usd, limit_price, book_hash,
            book_taken_at, decided_at
        )
        SELECT
            wallet, token, condition, reason, sold, proceeds, fee, lowest, hash, taken_at, decided_at
        FROM unnest(
            :wallets::uuid[], :tokens::text[], :conditions::text[], :reasons::text[], :shares::numeric[],
            :proceeds::numeric[], :fees::numeric[], :limits::numeric[], :book_hashes::text[],
            :books_taken_at::timestamptz[], :decided_at::timestamptz[]
        ) WITH ORDINALITY AS sale (
            wallet, token, condition, reason, sold, proceeds, fee, lowest, hash, taken_at, decided_at, place
        )
        ORDER BY place
        """,
        wallets=[sale.ft_wallet_id for sale in exits],
        tokens=[sale.token_id for sale in exits],
        conditions=[sale.condition_id for sale in exits],
        reasons=[sale.reason for sale in exits],
        shares=[sale.shares for sale in exits],
        proceeds=[sale.proceeds for sale in exits],
        fees=[sale.fee for sale in exits],
        limits=[sale.limit_price for sale in exits],
        book_hashes=[sale.book_hash for sale in exits],
        books_taken_at=[sale.book_taken_at for sale in exits],
        decided_at=[sale.decided_at for sale in exits],
    )
    _take_off(transaction, [part for _, parts in sales for part in parts], now)


def _take_off(transaction: Transaction, parts: Sequence[ExitLeg], now: datetime) -> None:
    taken = transaction.execute(
        """
        UPDATE ft_orders SET
            exited_shares = exited_shares + part.shares,
            exit_proceeds_usd = exit_proceeds_usd + part.proceeds,
            exit_fee_usd = exit_fee_usd + part.fee,
            outcome = CASE WHEN part.pnl IS NULL THEN outcome ELSE 'SOLD' END,
            pnl_usd = part.pnl,
            resolved_at = CASE WHEN part.pnl IS NULL THEN NULL ELSE :now::timestamptz END
        FROM unnest(:ids::uuid[], :shares::numeric[], :proceeds::numeric[], :fees::numeric[], :pnls::numeric[])
            AS part (ft_order_id, shares, proceeds, fee, pnl)
        WHERE ft_orders.ft_order_id = part.ft_order_id AND ft_orders.outcome = 'OPEN'
        """,
        now=now,
        ids=[str(part.ft_order_id) for part in parts],
        shares=[part.shares for part in parts],
        proceeds=[part.proceeds for part in parts],
        fees=[part.fee for part in parts],
        pnls=[part.pnl for part in parts],
    )
    if taken != len(parts):
        raise SaleNotPossible(f"{len(parts) - taken} of {len(parts)} orders have ended meanwhile")


def _holding(bought: list[Row], gone: list[Row]) -> PaperHolding:
    still_open = [row for row in bought if row["outcome"] == Outcome.OPEN]
    orders = tuple(_held(row) for row in still_open)
    for_trader = [row for row in gone if row["exit_reason"] == ExitReason.TRADER_SOLD]
    return PaperHolding(
        ft_wallet_id=still_open[0]["ft_wallet_id"],
        token_id=still_open[0]["token_id"],
        condition_id=still_open[0]["condition_id"],
        outcome_index=still_open[0]["outcome_index"],
        opened_at=still_open[0]["decided_at"],
        orders=orders,
        paid=total_usd([_cost_of_left(row, order) for row, order in zip(still_open, orders, strict=True)]),
        bought=tuple(
            OwnBuy(at=row["traded_at"], trader=row["trader_address"], shares=Shares(row["shares"])) for row in bought
        ),
        sold=tuple(
            OwnSale(at=row["decided_at"], shares=Shares(row["shares"])) for row in gone if row not in for_trader
        ),
        sold_for_trader=total_shares([Shares(row["shares"]) for row in for_trader]),
    )


def _held(row: Row) -> HeldOrder:
    return HeldOrder(
        ft_order_id=row["ft_order_id"],
        left=Shares(row["shares"]) - Shares(row["exited_shares"]),
        cost=Usd(row["cost_usd"]),
        fee=Usd(row["fee_usd"]),
        exit_proceeds=Usd(row["exit_proceeds_usd"]),
        exit_fee=Usd(row["exit_fee_usd"]),
    )


def _cost_of_left(row: Row, order: HeldOrder) -> Usd:
    return Usd.of_base_units(order.cost.base_units * order.left.base_units // Shares(row["shares"]).base_units)
