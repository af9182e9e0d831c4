"""Paper sales: what was sold of a wallet's token, and what it closed of the orders that had bought it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.exits.paper_legs import ExitLeg, HeldOrder
from live_trading.exits.trader_exits import OwnBuy, OwnSale
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


def holdings(transaction: Transaction, ft_wallet_id: UUID) -> list[PaperHolding]:
    """Every token of which an order of the wallet is open, by token."""
    bought = transaction.rows(
        """
        SELECT paper.*, trade.trader_address, trade.trade_time AS traded_at FROM ft_orders AS paper
        INNER JOIN source_trades AS trade USING (source_trade_id)
        WHERE
            paper.ft_wallet_id = :ft_wallet_id AND paper.outcome IN ('OPEN', 'SOLD')
            AND paper.token_id IN (
                SELECT token_id FROM ft_orders WHERE ft_wallet_id = :ft_wallet_id AND outcome = 'OPEN'
            )
        ORDER BY paper.token_id, paper.decided_at, paper.source_trade_id
        """,
        ft_wallet_id=ft_wallet_id,
    )
    by_token: dict[str, list[Row]] = {}
    for row in bought:
        by_token.setdefault(row["token_id"], []).append(row)
    gone = transaction.rows(
        """
        SELECT token_id, exit_reason, shares, decided_at FROM ft_exits
        WHERE ft_wallet_id = :ft_wallet_id AND token_id = ANY(:tokens::text[]) ORDER BY ft_exit_id
        """,
        ft_wallet_id=ft_wallet_id,
        tokens=list(by_token),
    )
    return [
        _holding(rows, [each for each in gone if each["token_id"] == token_id]) for token_id, rows in by_token.items()
    ]


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
        INNER JOIN markets AS market ON market.condition_id = paper.condition_id
        WHERE market.resolution_state <> 'RESOLVED'
        GROUP BY paper.ft_wallet_id, trade.trader_address, paper.token_id
        """,
        ft_wallet_ids=list(ft_wallet_ids),
        sold_since=sold_since,
    )
    found: dict[UUID, dict[tuple[str, str], datetime | None]] = {each: {} for each in ft_wallet_ids}
    for row in rows:
        found[row["ft_wallet_id"]][(row["trader_address"], row["token_id"])] = row["left_at"]
    return found


def record(transaction: Transaction, sale: PaperExit, parts: Sequence[ExitLeg], now: datetime) -> None:
    """Stores a sale and takes its parts off the orders; an order of which nothing is left has ended as SOLD."""
    transaction.execute(
        """
        INSERT INTO ft_exits (
            ft_wallet_id, token_id, condition_id, exit_reason, shares, proceeds_usd, fee_usd, limit_price, book_hash,
            book_taken_at, decided_at
        ) VALUES (
            :ft_wallet_id, :token_id, :condition_id, :reason, :shares, :proceeds, :fee, :limit_price, :book_hash,
            :book_taken_at, :decided_at
        )
        """,
        ft_wallet_id=sale.ft_wallet_id,
        token_id=sale.token_id,
        condition_id=sale.condition_id,
        reason=sale.reason,
        shares=sale.shares,
        proceeds=sale.proceeds,
        fee=sale.fee,
        limit_price=sale.limit_price,
        book_hash=sale.book_hash,
        book_taken_at=sale.book_taken_at,
        decided_at=sale.decided_at,
    )
    transaction.execute(
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
