"""Money as health looks at it: what wallets may spend, what is reserved, and what should have ended by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import SignatureType
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

# More of them than this have one cause, and the first of them name it.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletState:
    """A wallet that active strategies trade from. `spendable` is what they have that no order has set aside.

    `missing_allowances` are contracts whose allowance of the wallet's collateral the last comparison found too small.
    `closed_only_since` is when an order was refused because it may only close, or when the newest signal of one of its
    strategies was missed because the venue did not let it open.
    """

    trading_wallet_id: UUID
    owner_id: str
    name: str
    address: str
    signature_type: SignatureType
    spendable: Usd
    missing_allowances: tuple[str, ...]
    closed_only_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedDifference:
    """A strategy of which more or less is reserved than its open orders may still cost."""

    lt_strategy_id: UUID
    owner_id: str
    name: str
    reserved: Usd
    orders: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Unended:
    """How many there are that should have ended, and the oldest: since when, whose and which."""

    count: int
    oldest: datetime | None
    named: str | None


_WALLETS = """
SELECT
    wallet.trading_wallet_id, wallet.owner_id, wallet.name, wallet.address, wallet.signature_type,
    money.spendable, breaking.missing_allowances, coalesce(stop.since, refused.at) AS closed_only_since
FROM trading_wallets AS wallet
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_usd), 0) AS spendable FROM ledger_balances
    WHERE trading_wallet_id = wallet.trading_wallet_id AND account = 'CASH' AND lt_strategy_id IS NOT NULL
) AS money
CROSS JOIN LATERAL (
    SELECT array_agg(subject ORDER BY subject) AS missing_allowances FROM breaks
    WHERE trading_wallet_id = wallet.trading_wallet_id AND closed_at IS NULL AND kind = 'ALLOWANCE'
) AS breaking
CROSS JOIN LATERAL (
    SELECT min(starts_at) AS since FROM locks
    WHERE
        scope = 'TRADING_WALLET' AND scope_id = wallet.trading_wallet_id::text AND reason = 'closed_only'
        AND released_at IS NULL AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
) AS stop
CROSS JOIN LATERAL (
    SELECT max(newest.decided_at) FILTER (WHERE newest.reason = 'not_eligible') AS at
    FROM lt_strategies AS strategy
    CROSS JOIN LATERAL (
        SELECT reason, decided_at FROM decisions
        WHERE lt_strategy_id = strategy.lt_strategy_id ORDER BY source_trade_id DESC LIMIT 1
    ) AS newest
    WHERE strategy.trading_wallet_id = wallet.trading_wallet_id AND strategy.is_active
) AS refused
WHERE
    wallet.verification = 'VERIFIED'
    AND wallet.trading_wallet_id IN (SELECT trading_wallet_id FROM lt_strategies WHERE is_active)
ORDER BY wallet.made_number LIMIT :most
"""


def ask_wallets(transaction: Transaction, now: datetime, *, most: int) -> Pending[list[WalletState]]:
    """The oldest of the wallets with a proved key that active strategies trade from."""
    return ask(transaction, _WALLETS, _wallets, now=now, most=most)


def _wallets(rows: list[Row]) -> list[WalletState]:
    return [
        WalletState(
            **row
            | {
                "signature_type": SignatureType(row["signature_type"]),
                "spendable": Usd(row["spendable"]),
                "missing_allowances": tuple(row["missing_allowances"] or ()),
            }
        )
        for row in rows
    ]


def ask_reserved(transaction: Transaction) -> Pending[list[ReservedDifference]]:
    """Strategies whose reservation is not the sum of those of their open orders; one snapshot of both."""
    return ask(
        transaction,
        """
        SELECT strategy.lt_strategy_id, strategy.owner_id, strategy.name, kept.reserved, wanted.orders
        FROM lt_strategies AS strategy
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount_usd), 0) AS reserved FROM ledger_balances
            WHERE lt_strategy_id = strategy.lt_strategy_id AND account = 'RESERVED'
        ) AS kept
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(greatest(intent.reserved_usd - spent.usd, 0)), 0) AS orders
            FROM lt_orders AS intent
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
                WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
            ) AS spent
            WHERE
                intent.lt_strategy_id = strategy.lt_strategy_id AND intent.side = 'BUY'
                AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
        ) AS wanted
        WHERE kept.reserved <> wanted.orders
        ORDER BY strategy.made_number LIMIT :most
        """,
        _differences,
        most=MOST_LISTED,
    )


def _differences(rows: list[Row]) -> list[ReservedDifference]:
    return [
        ReservedDifference(**row | {"reserved": Usd(row["reserved"]), "orders": Usd(row["orders"])}) for row in rows
    ]


def ask_fills(transaction: Transaction, before: datetime) -> Pending[Unended]:
    """Trades, of our orders and of others, that have neither settled nor failed and are from before then."""
    return ask(
        transaction,
        """
        SELECT
            count(*) AS count, min(match_time) AS oldest, (array_agg(venue_trade_id ORDER BY match_time))[1] AS named
        FROM (
            SELECT venue_trade_id, match_time FROM fills WHERE status NOT IN ('CONFIRMED', 'FAILED')
            UNION ALL
            SELECT venue_trade_id, match_time FROM external_fills WHERE status NOT IN ('CONFIRMED', 'FAILED')
        ) AS unsettled
        WHERE match_time < :before
        """,
        _unended,
        before=before,
    )


def ask_redemptions(transaction: Transaction, before: datetime) -> Pending[Unended]:
    """Redemptions of markets that were resolved before then and that are not booked."""
    return ask(
        transaction,
        """
        SELECT
            count(*) AS count, min(market_resolved_at) AS oldest,
            (array_agg(condition_id ORDER BY market_resolved_at))[1] AS named
        FROM lt_redemptions
        WHERE state NOT IN ('BOOKED', 'NOTHING_TO_DO') AND market_resolved_at < :before
        """,
        _unended,
        before=before,
    )


def _unended(rows: list[Row]) -> Unended:
    (row,) = rows
    return Unended(count=int(row["count"]), oldest=row["oldest"], named=row["named"])
