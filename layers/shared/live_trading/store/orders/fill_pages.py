"""Fills as their owner sees them, page by page: those of his orders, and what his wallets traded beside this system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import FillStatus, LiquidityRole
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction


class FillOrigin(StrEnum):
    """INTENT: an order of this system made it. EXTERNAL: the wallet traded beside it."""

    INTENT = "INTENT"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsWanted:
    """Which fills: None does not narrow. `condition_id` is a market, `token_id` one of its outcomes.

    Those of a strategy or of an order are never EXTERNAL.
    """

    lt_strategy_id: UUID | None = None
    trading_wallet_id: UUID | None = None
    lt_order_id: UUID | None = None
    condition_id: str | None = None
    token_id: str | None = None
    status: FillStatus | None = None
    origin: FillOrigin | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def may_be_own(self) -> bool:
        return self.origin is not FillOrigin.EXTERNAL

    @property
    def may_be_external(self) -> bool:
        return self.origin is not FillOrigin.INTENT and self.lt_strategy_id is None and self.lt_order_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFill:
    """One fill as it counts now: expected amounts until its receipt was read, then what that told.

    `number` tells fills of both origins apart.
    """

    number: int
    origin: FillOrigin
    venue_trade_id: str
    order_hash: str
    lt_order_id: UUID | None
    lt_strategy_id: UUID | None
    trading_wallet_id: UUID
    condition_id: str
    slug: str | None
    token_id: str
    outcome: str | None
    side: Side
    shares: Shares
    price: Price
    usd: Usd
    fee: Usd
    role: LiquidityRole
    status: FillStatus
    transaction_hash: str | None
    match_time: datetime
    recorded_at: datetime
    confirmed_at: datetime | None
    receipt_read_at: datetime | None


_COLUMNS = """
    fill.venue_trade_id, fill.order_hash, fill.trading_wallet_id, fill.condition_id, fill.token_id, fill.side,
    fill.shares, fill.price, fill.cost_usd, fill.fee_usd, fill.role, fill.status, fill.transaction_hash,
    fill.match_time, fill.recorded_at, fill.receipt_read_at
"""
_OWN = f"""
    SELECT
        'INTENT' AS origin, 2 * fill.fill_id AS number, fill.lt_order_id, fill.lt_strategy_id, fill.confirmed_at,
        {_COLUMNS}
    FROM {{found}}
"""  # noqa: S608 (a constant of this module)
_EXTERNAL = f"""
    SELECT
        'EXTERNAL' AS origin, 2 * fill.external_fill_id + 1 AS number, NULL::uuid AS lt_order_id,
        NULL::uuid AS lt_strategy_id, NULL::timestamptz AS confirmed_at, {_COLUMNS}
    FROM {{found}}
"""  # noqa: S608 (a constant of this module)
# Newest first by the index of whose they are; what is asked for by order or token is few and is sorted.
_NEWEST = """{whose}
CROSS JOIN LATERAL (
    SELECT * FROM {table} AS one
    WHERE one.{key} = whose.{key}{narrowed}
        AND one.match_time <= coalesce(:after_at, 'infinity'::timestamptz)
        AND (one.match_time, {number}) < (coalesce(:after_at, 'infinity'::timestamptz), :after_number)
    ORDER BY one.match_time DESC, one.{id} DESC LIMIT :rows_to_read
) AS fill"""
_SELECTED = """{whose}
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT * FROM {table} AS held WHERE held.{key} = whose.{key} AND {selected} OFFSET 0
    ) AS one
    WHERE
        (one.match_time, {number}) < (coalesce(:after_at, 'infinity'::timestamptz), :after_number){narrowed}
) AS fill"""
_WALLETS = """(
    SELECT trading_wallet_id FROM trading_wallets
    WHERE owner_id = :owner_id AND (:trading_wallet_id::uuid IS NULL OR trading_wallet_id = :trading_wallet_id)
) AS whose"""
_STRATEGIES = """(
    SELECT lt_strategy_id FROM lt_strategies
    WHERE
        owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR lt_strategy_id = :lt_strategy_id)
        AND (:trading_wallet_id::uuid IS NULL OR trading_wallet_id = :trading_wallet_id)
) AS whose"""
_TOKENS = "held.token_id = ANY(:token_ids::text[])"
_MARKET = "held.token_id = ANY(ARRAY(SELECT unnest(token_ids) FROM markets WHERE condition_id = :condition_id))"


def of_owner(transaction: Transaction, owner_id: str, wanted: FillsWanted, page: PageAsked) -> list[ShownFill]:
    """The owner's fills, by when they matched, newest first."""
    parts = []
    if wanted.may_be_own:
        parts.append(_OWN.format(found=_found(wanted, table="fills", number_of="fill_id", number="2 * one.fill_id")))
    if wanted.may_be_external:
        number = "2 * one.external_fill_id + 1"
        found = _found(wanted, table="external_fills", number_of="external_fill_id", number=number)
        parts.append(_EXTERNAL.format(found=found))
    if not parts:
        return []
    rows = transaction.rows(
        f"""
        SELECT shown.*, market.slug, market.outcome FROM (
            SELECT * FROM ({" UNION ALL ".join(parts)}) AS fill
            ORDER BY fill.match_time DESC, fill.number DESC LIMIT :rows_to_read
        ) AS shown
        LEFT JOIN LATERAL (
            SELECT slug, outcomes[array_position(token_ids, shown.token_id)] AS outcome FROM markets
            WHERE condition_id = shown.condition_id LIMIT 1
        ) AS market ON TRUE
        ORDER BY shown.match_time DESC, shown.number DESC
        """,  # noqa: S608 (made of the constants of this module)
        owner_id=owner_id,
        after_at=page.after_at,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **_values(wanted),
    )
    return [_shown(row) for row in rows]


def _found(wanted: FillsWanted, *, table: str, number_of: str, number: str) -> str:
    is_own = table == "fills"
    by_strategy = is_own and (wanted.lt_strategy_id is not None or _asks_for_tokens(wanted))
    whose, key = (_STRATEGIES, "lt_strategy_id") if by_strategy else (_WALLETS, "trading_wallet_id")
    selected = _selected(wanted)
    return (_NEWEST if selected is None else _SELECTED).format(
        whose=whose, key=key, table=table, id=number_of, number=number, narrowed=_narrowed(wanted), selected=selected
    )


def _asks_for_tokens(wanted: FillsWanted) -> bool:
    return wanted.token_id is not None or wanted.condition_id is not None


def _selected(wanted: FillsWanted) -> str | None:
    """What few rows have, by an index of its own."""
    if wanted.lt_order_id is not None:
        return "held.lt_order_id = :lt_order_id"
    if wanted.token_id is not None:
        return _TOKENS
    return None if wanted.condition_id is None else _MARKET


def _narrowed(wanted: FillsWanted) -> str:
    said = " AND one.match_time >= coalesce(:since, '-infinity'::timestamptz)"
    said += " AND one.match_time < coalesce(:until, 'infinity'::timestamptz)"
    if wanted.status is not None:
        # Written out, so that an index of this status alone may serve.
        said += f" AND one.status = '{FillStatus(wanted.status).value}'"
    if wanted.condition_id is not None:
        said += " AND one.condition_id = :condition_id"
    if wanted.token_id is not None:
        said += " AND one.token_id = ANY(:token_ids::text[])"
    if wanted.lt_strategy_id is not None:
        said += " AND one.lt_strategy_id = :lt_strategy_id"
    return said


def _values(wanted: FillsWanted) -> dict[str, object]:
    return {
        "trading_wallet_id": wanted.trading_wallet_id,
        "lt_strategy_id": wanted.lt_strategy_id,
        "lt_order_id": wanted.lt_order_id,
        "condition_id": wanted.condition_id,
        "token_ids": [] if wanted.token_id is None else [wanted.token_id],
        "since": wanted.since,
        "until": wanted.until,
    }


def _shown(row: Row) -> ShownFill:
    return ShownFill(
        number=row["number"],
        origin=FillOrigin(row["origin"]),
        venue_trade_id=row["venue_trade_id"],
        order_hash=row["order_hash"],
        lt_order_id=row["lt_order_id"],
        lt_strategy_id=row["lt_strategy_id"],
        trading_wallet_id=row["trading_wallet_id"],
        condition_id=row["condition_id"],
        slug=row["slug"],
        token_id=row["token_id"],
        outcome=row["outcome"],
        side=Side(row["side"]),
        shares=Shares(row["shares"]),
        price=Price(row["price"]),
        usd=Usd(row["cost_usd"]),
        fee=Usd(row["fee_usd"]),
        role=LiquidityRole(row["role"]),
        status=FillStatus(row["status"]),
        transaction_hash=row["transaction_hash"],
        match_time=row["match_time"],
        recorded_at=row["recorded_at"],
        confirmed_at=row["confirmed_at"],
        receipt_read_at=row["receipt_read_at"],
    )
