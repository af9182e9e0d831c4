"""Orders as their owner sees them: the intent, what the venue made of it, and its fills summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderState, OrderType, Purpose
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.trades import Side
from live_trading.orders.quality import OrderTimes
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHistory:
    """One order. `filled`, `filled_usd` and `fee` leave out fills whose settlement failed.

    `intent_at` and `made_number` tell in which order intents were written.
    """

    lt_order_id: UUID
    intent_at: datetime
    made_number: int
    lt_strategy_id: UUID
    trading_wallet_id: UUID
    source_trade_id: int | None
    purpose: Purpose
    attempt: int
    order_hash: str
    condition_id: str
    token_id: str
    outcome: str | None
    slug: str
    side: Side
    order_type: OrderType
    state: OrderState
    rejection_code: str | None
    rejection_text: str | None
    last_refusal_code: str | None
    outcome_code: str
    pnl: Usd | None
    limit_price: Price
    order_usd: Usd
    order_shares: Shares
    reserved: Usd
    signal_price: Price | None
    best_bid: Price | None
    best_ask: Price | None
    midpoint: Price | None
    depth: Usd | None
    filled: Shares
    filled_usd: Usd
    fee: Usd
    unsettled_fills: int
    times: OrderTimes
    expires_at: datetime | None
    finished_at: datetime | None

    @property
    def fill_price(self) -> Price | None:
        return Price.nearest(self.filled_usd.value / self.filled.value) if self.filled else None


_ORDERS = """
SELECT
    intent.*, market.slug, market.outcomes[intent.outcome_index + 1] AS outcome_label,
    done.shares AS filled_shares, done.usd AS filled_usd, done.fee AS filled_fee, done.unsettled, done.filled_at,
    done.confirmed_at
FROM lt_orders AS intent
INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
CROSS JOIN LATERAL (SELECT * FROM markets WHERE markets.condition_id = intent.condition_id LIMIT 1) AS market
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(shares), 0) AS shares, coalesce(sum(cost_usd), 0) AS usd, coalesce(sum(fee_usd), 0) AS fee,
        count(*) FILTER (WHERE status <> 'CONFIRMED') AS unsettled, min(match_time) AS filled_at,
        CASE WHEN count(*) = count(confirmed_at) THEN max(confirmed_at) END AS confirmed_at
    FROM fills WHERE fills.lt_order_id = intent.lt_order_id AND fills.status <> 'FAILED'
) AS done
"""


def find(transaction: Transaction, lt_order_id: UUID, owner_id: str) -> OrderHistory | None:
    """The owner's order of that id."""
    row = transaction.row(
        _ORDERS + "WHERE intent.lt_order_id = :lt_order_id AND strategy.owner_id = :owner_id",
        lt_order_id=lt_order_id,
        owner_id=owner_id,
    )
    return None if row is None else _history(row)


_OF_STRATEGY = """
WHERE
    intent.lt_strategy_id = :lt_strategy_id AND strategy.owner_id = :owner_id
    AND (intent.intent_at, intent.made_number) < (coalesce(:after_at, 'infinity'::timestamptz), :after_number)
"""
_NEWEST_FIRST = "ORDER BY intent.intent_at DESC, intent.made_number DESC LIMIT :rows_to_read"


def of_strategy(
    transaction: Transaction, lt_strategy_id: UUID, owner_id: str, page: PageAsked, *, state: OrderState | None = None
) -> list[OrderHistory]:
    """A page of the strategy's orders, newest first; None is those in any state."""
    in_state = {} if state is None else {"state": state}
    rows = transaction.rows(
        _ORDERS + _OF_STRATEGY + ("" if state is None else "AND intent.state = :state ") + _NEWEST_FIRST,
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
        after_at=page.after_at,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **in_state,
    )
    return [_history(row) for row in rows]


def of_token(
    transaction: Transaction, lt_strategy_id: UUID, owner_id: str, token_id: str, *, limit: int
) -> list[OrderHistory]:
    """The strategy's orders of one token, newest first."""
    rows = transaction.rows(
        _ORDERS
        + """
        WHERE
            intent.lt_strategy_id = :lt_strategy_id AND strategy.owner_id = :owner_id AND intent.token_id = :token_id
        ORDER BY intent.intent_at DESC, intent.made_number DESC LIMIT :limit
        """,
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
        token_id=token_id,
        limit=limit,
    )
    return [_history(row) for row in rows]


def of_ids(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> list[OrderHistory]:
    """These orders, whosever they are, in the order of the ids; what there is not is left out."""
    rows = transaction.rows(_ORDERS + "WHERE intent.lt_order_id = ANY(:ids::uuid[])", ids=list(lt_order_ids))
    found = {row["lt_order_id"]: _history(row) for row in rows}
    return [found[each] for each in lt_order_ids if each in found]


def _history(row: Row) -> OrderHistory:
    return OrderHistory(
        lt_order_id=row["lt_order_id"],
        intent_at=row["intent_at"],
        made_number=row["made_number"],
        lt_strategy_id=row["lt_strategy_id"],
        trading_wallet_id=row["trading_wallet_id"],
        source_trade_id=row["source_trade_id"],
        purpose=Purpose(row["purpose"]),
        attempt=row["attempt"],
        order_hash=row["order_hash"],
        condition_id=row["condition_id"],
        token_id=row["token_id"],
        outcome=row["outcome_label"],
        slug=row["slug"],
        side=Side(row["side"]),
        order_type=OrderType(row["order_type"]),
        state=OrderState(row["state"]),
        rejection_code=row["rejection_code"],
        rejection_text=row["rejection_text"],
        last_refusal_code=row["last_refusal_code"],
        outcome_code=row["outcome"],
        pnl=_usd(row["pnl_usd"]),
        limit_price=Price(row["limit_price"]),
        order_usd=Usd(row["order_usd"]),
        order_shares=Shares(row["order_shares"]),
        reserved=Usd(row["reserved_usd"]),
        signal_price=_price(row["signal_price"]),
        best_bid=_price(row["best_bid"]),
        best_ask=_price(row["best_ask"]),
        midpoint=_price(row["midpoint"]),
        depth=_usd(row["depth_usd"]),
        filled=Shares(row["filled_shares"]),
        filled_usd=Usd(row["filled_usd"]),
        fee=Usd(row["filled_fee"]),
        unsettled_fills=row["unsettled"],
        times=OrderTimes(
            trade_time=row["trade_time"],
            seen_at=row["seen_at"],
            decided_at=row["decided_at"],
            sent_at=row["sent_at"],
            answered_at=row["answered_at"],
            filled_at=row["filled_at"],
            confirmed_at=row["confirmed_at"],
        ),
        expires_at=row["expires_at"],
        finished_at=row["finished_at"],
    )


def _price(value: Decimal | None) -> Price | None:
    return None if value is None else Price(value)


def _usd(value: Decimal | None) -> Usd | None:
    return None if value is None else Usd(value)
