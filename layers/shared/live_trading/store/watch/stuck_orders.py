"""Orders that should have ended by now, and markets that are resolved and cannot be booked because of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderState
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

# More of them than this have one cause, and the first of them name it.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class UndecidedOrder:
    """An order that is not final, with what a person needs to find it."""

    lt_order_id: UUID
    owner_id: str
    wallet: str
    market: str
    side: Side
    usd: Usd
    state: OrderState
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbookedCondition:
    """A resolved market in which one wallet's order or trade is not final, so that the wallet is not paid."""

    condition_id: str
    owner_id: str
    wallet: str
    market: str
    resolved_at: datetime


def ask_orders(
    transaction: Transaction, *, unanswered_before: datetime, marketable_before: datetime
) -> Pending[list[UndecidedOrder]]:
    """Orders that nobody has an answer for since `unanswered_before`, or that are marketable and older; oldest first.

    A marketable order (FAK, FOK) fills or ends at once; one that rests may rest.
    """
    return ask(
        transaction,
        """
        SELECT
            intent.lt_order_id, wallet.owner_id, wallet.name AS wallet, market.slug AS market, intent.side,
            intent.order_usd AS usd, intent.state, coalesce(intent.sent_at, intent.intent_at) AS since
        FROM lt_orders AS intent
        INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
        CROSS JOIN LATERAL (SELECT slug FROM markets WHERE condition_id = intent.condition_id LIMIT 1) AS market
        WHERE
            intent.state IN ('INTENT', 'SENT', 'UNKNOWN', 'LIVE', 'DELAYED', 'PARTIALLY_FILLED')
            AND (
                (
                    intent.state IN ('INTENT', 'SENT', 'UNKNOWN', 'DELAYED')
                    AND coalesce(intent.sent_at, intent.intent_at) < :unanswered_before
                )
                OR (intent.order_type IN ('FAK', 'FOK') AND intent.intent_at < :marketable_before)
            )
        ORDER BY since, intent.made_number
        LIMIT :most
        """,
        _undecided,
        unanswered_before=unanswered_before,
        marketable_before=marketable_before,
        most=MOST_LISTED,
    )


def _undecided(rows: list[Row]) -> list[UndecidedOrder]:
    return [
        UndecidedOrder(**row | {"usd": Usd(row["usd"]), "side": Side(row["side"]), "state": OrderState(row["state"])})
        for row in rows
    ]


def ask_conditions(transaction: Transaction, *, resolved_before: datetime) -> Pending[list[UnbookedCondition]]:
    """Markets resolved since before then that some wallet waits in, the longest first."""
    return ask(
        transaction,
        """
        SELECT DISTINCT
            market.condition_id, wallet.owner_id, wallet.name AS wallet, market.slug AS market, market.resolved_at
        FROM (
            SELECT condition_id, trading_wallet_id FROM lt_orders
            WHERE state IN ('INTENT', 'SENT', 'UNKNOWN', 'LIVE', 'DELAYED', 'PARTIALLY_FILLED')
            UNION
            SELECT condition_id, trading_wallet_id FROM fills WHERE status NOT IN ('CONFIRMED', 'FAILED')
        ) AS moving
        CROSS JOIN LATERAL (SELECT * FROM markets WHERE condition_id = moving.condition_id LIMIT 1) AS market
        INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
        WHERE market.resolved_at < :resolved_before
        ORDER BY market.resolved_at, market.condition_id, wallet
        LIMIT :most
        """,
        lambda rows: [UnbookedCondition(**row) for row in rows],
        resolved_before=resolved_before,
        most=MOST_LISTED,
    )
