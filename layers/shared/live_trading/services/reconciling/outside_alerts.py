"""Tells of trades that this system did not make: who made them, whether they mirror ours, and who else claims a wallet.

Invariants: every adopted trade raises an alert; it is CRITICAL where it looks like an order of ours, or where its order
carries the marker of an installation, and then the wallet opens nothing until its owner releases the lock. What
has been told as CRITICAL is not told again as something milder.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import total_shares, total_usd
from live_trading.nouns.orders import Fill
from live_trading.polymarket.signing.order_marker import marker_of
from live_trading.services.reconciling.outside_plan import Claim
from live_trading.store.accounts import live_strategies
from live_trading.store.database import installation
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.orders import outside_activity
from live_trading.store.orders.outside_activity import OwnOrder
from live_trading.store.risk import locks
from live_trading.store.watch import alerts

# Two installations that follow one trader order within each other's schedule, for stakes of one kind.
MIRROR_WITHIN = timedelta(minutes=10)
# A marketable order may get only a part of what it asked for.
_LEAST_PART, _MOST = Decimal("0.1"), Decimal(2)


def mirrored(fills: Sequence[Fill], own: Sequence[OwnOrder]) -> OwnOrder | None:
    """The order of ours that these trades of one order look like, None where there is none. Pure.

    `own` are of the same token and side; the trades are worth from a tenth of its dollars to twice as many.
    """
    usd = total_usd([fill.usd for fill in fills])
    matched_at = min(fill.match_time for fill in fills)
    near = [
        order
        for order in own
        if abs(order.made_at - matched_at) <= MIRROR_WITHIN
        and order.usd.value * _LEAST_PART <= usd.value <= order.usd.value * _MOST
    ]
    return min(near, key=lambda order: abs(order.made_at - matched_at), default=None)


def tell_of_trades(
    transaction: Transaction, trading_wallet_id: UUID, condition_id: str, fills: Sequence[Fill], now: datetime
) -> None:
    """Alerts of all trades of one outside order that are known by now."""
    first = fills[0]
    subject = _subject(trading_wallet_id, first.order_hash)
    if alerts.open_severity(transaction, alert_type=AlertType.OUTSIDE_TRADE, subject=subject) is Severity.CRITICAL:
        return
    matched_at = min(fill.match_time for fill in fills)
    own = outside_activity.own_orders_around(
        transaction,
        trading_wallet_id,
        token_id=first.token_id,
        side=first.side,
        since=matched_at - MIRROR_WITHIN,
        until=matched_at + MIRROR_WITHIN,
    )
    like = mirrored(fills, own)
    done = "bought" if first.side == "BUY" else "sold"
    shares, usd = total_shares([fill.shares for fill in fills]), total_usd([fill.usd for fill in fills])
    what = (
        f"order {first.order_hash}, which this system did not make, {done} {shares} shares of token {first.token_id} "
        f"for {usd} dollars in {_market(transaction, condition_id)}, matched at {matched_at.isoformat()}. It is booked "
        "against what is allocated to nobody; no strategy pays for it."
    )
    if like is None:
        advice = "If you made this trade yourself, nothing is to be done. If not, see who else has the wallet's key."
    else:
        advice = (
            f"It looks like our own order {like.lt_order_id} of strategy {like.strategy} ({like.usd} dollars, made at "
            f"{like.made_at.isoformat()}). See whether a second installation trades on this wallet: if so, stop one."
        )
    _raise(
        transaction,
        trading_wallet_id,
        first.order_hash,
        severity=Severity.WARNING if like is None else Severity.CRITICAL,
        title="a trade that this system did not make" if like is None else "a trade that mirrors an order of ours",
        message=f"{what} {advice}",
        now=now,
    )


def tell_of_claim(
    transaction: Transaction, trading_wallet_id: UUID, claim: Claim, *, actor: str, now: datetime
) -> None:
    """Locks the wallet's entries, because another installation trades on it, and alerts."""
    wallet = live_strategies.trading_wallet(transaction, trading_wallet_id)
    is_ours = claim.marker == marker_of(installation.installation_id(transaction), wallet.address)
    who = "a copy or an older state of this database" if is_ours else "another installation of this system"
    locks.put(
        transaction,
        scope=LockScope.TRADING_WALLET,
        scope_id=str(trading_wallet_id),
        reason=LockReason.WALLET_CLAIMED,
        detail=f"{who} made order {claim.order_hash}",
        created_by=actor,
        now=now,
    )
    _raise(
        transaction,
        trading_wallet_id,
        claim.order_hash,
        severity=Severity.CRITICAL,
        title="another installation trades on a wallet",
        message=(
            f"order {claim.order_hash} in {_market(transaction, claim.condition_id)}, {claim.size} shares matched at "
            f"{claim.match_time.isoformat()}, carries the marker of {who} ({claim.marker}). Nothing is opened from "
            "this wallet any more; exits and redemptions go on. Stop the schedules of one of the two, then release "
            "the lock wallet_claimed in the other."
        ),
        now=now,
    )


def _raise(
    transaction: Transaction,
    trading_wallet_id: UUID,
    order_hash: str,
    *,
    severity: Severity,
    title: str,
    message: str,
    now: datetime,
) -> None:
    wallet = live_strategies.trading_wallet(transaction, trading_wallet_id)
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.OUTSIDE_TRADE,
        severity=severity,
        subject=_subject(trading_wallet_id, order_hash),
        title=f"{title} ({wallet.address})",
        message=f"Wallet {wallet.address} ({trading_wallet_id}): {message}",
        at=now,
        concern=Concern(trading_wallet_id=trading_wallet_id),
    )


def _subject(trading_wallet_id: UUID, order_hash: str) -> str:
    return f"{trading_wallet_id}:{order_hash}"


def _market(transaction: Transaction, condition_id: str) -> str:
    known = markets.by_condition(transaction, [condition_id]).get(condition_id)
    return f"market {condition_id}" if known is None else f'market "{known.question}" ({condition_id})'
