"""Tells what stays behind when a wallet is read: trades that never settle, and rows that could not be read.

An alert about a trade that settles, or about a resting order that can be read again, ends in the pass that sees it. One
about something that has happened, an outside trade or an unreadable one, stands for a day, and for as long as the lock
of a claimed wallet does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.trades import QuarantinedRow
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account_lists import ORDERS_SOURCE
from live_trading.polymarket.clob.account_rows import TRADES_SOURCE
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.orders import unsettled_trades
from live_trading.store.orders.unsettled_trades import UnsettledTrade
from live_trading.store.risk import locks
from live_trading.store.watch import alerts

# The venue settles within seconds, and within a minute on its bad days.
UNSETTLED_AFTER = timedelta(minutes=10)
UNSETTLED_CRITICAL_AFTER = timedelta(hours=1)
STANDS_FOR = timedelta(days=1)
_OURS = (AlertType.FILL_UNSETTLED, AlertType.UNREADABLE_ROW, AlertType.OUTSIDE_TRADE)


def tell(
    transaction: Transaction, wallet: TradingWallet, unreadable: Mapping[str, Sequence[QuarantinedRow]], now: datetime
) -> None:
    """Brings the alerts up to date with what this pass saw; `unreadable` are its rows by source."""
    stuck = unsettled_trades.unsettled_before(transaction, wallet.trading_wallet_id, now - UNSETTLED_AFTER)
    for trade in stuck:
        _tell_of_unsettled(transaction, wallet, trade, now)
    for source, rows in unreadable.items():
        if rows:
            _tell_of_rows(transaction, wallet, source, rows, now)
    prefix = f"{wallet.trading_wallet_id}:"
    if not alerts.are_open(transaction, alert_types=_OURS, prefix=prefix):
        return
    standing = {_subject(wallet, trade) for trade in stuck}
    alerts.resolve_others(transaction, alert_type=AlertType.FILL_UNSETTLED, prefix=prefix, standing=standing, at=now)
    if not unreadable.get(ORDERS_SOURCE):
        about_orders = _of_source(wallet.trading_wallet_id, ORDERS_SOURCE)
        alerts.resolve_alert(transaction, alert_type=AlertType.UNREADABLE_ROW, subject=about_orders, at=now)
    over = now - STANDS_FOR
    if not unreadable.get(TRADES_SOURCE):
        alerts.resolve_older(transaction, alert_type=AlertType.UNREADABLE_ROW, prefix=prefix, before=over, at=now)
    scope, scope_id = LockScope.TRADING_WALLET, str(wallet.trading_wallet_id)
    if locks.open_lock(transaction, scope, scope_id, LockReason.WALLET_CLAIMED) is None:
        alerts.resolve_older(transaction, alert_type=AlertType.OUTSIDE_TRADE, prefix=prefix, before=over, at=now)


def _tell_of_unsettled(transaction: Transaction, wallet: TradingWallet, trade: UnsettledTrade, now: datetime) -> None:
    known = markets.by_condition(transaction, [trade.condition_id]).get(trade.condition_id)
    market = trade.condition_id if known is None else f'"{known.question}" ({trade.condition_id})'
    whose = "an order beside this system" if trade.lt_order_id is None else f"our order {trade.lt_order_id}"
    where = trade.transaction_hash or "no transaction named"
    age = now - trade.match_time
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.FILL_UNSETTLED,
        severity=Severity.CRITICAL if age >= UNSETTLED_CRITICAL_AFTER else Severity.WARNING,
        subject=_subject(wallet, trade),
        title=f"a trade does not settle ({wallet.address})",
        message=(
            f"Wallet {wallet.address} ({wallet.trading_wallet_id}): trade {trade.venue_trade_id} of {whose} "
            f"({trade.order_hash}), {trade.side} {trade.shares} shares for {trade.usd} dollars in market {market}, "
            f"has been {trade.status} since {trade.match_time.isoformat()} ({where}). It is no money until it settles "
            "and is asked for in every pass. Look the transaction up on the chain, and ask the venue about the trade."
        ),
        at=now,
        concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
    )


def _tell_of_rows(
    transaction: Transaction, wallet: TradingWallet, source: str, rows: Sequence[QuarantinedRow], now: datetime
) -> None:
    what = {
        ORDERS_SOURCE: "resting orders of the wallet",
        TRADES_SOURCE: "trades of the wallet",
    }[source]
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.UNREADABLE_ROW,
        severity=Severity.WARNING,
        subject=_of_source(wallet.trading_wallet_id, source),
        title=f"{what} that cannot be read ({wallet.address})",
        message=(
            f"Wallet {wallet.address} ({wallet.trading_wallet_id}): {len(rows)} {what} in the venue's list could not "
            f"be read, the first because of: {rows[0].reason[:300]}. They are kept in quarantined_rows; all else "
            f"of the wallet goes on. The row: {rows[0].raw[:500]}. Look at it on the venue's page; a resting order may "
            "be cancelled there."
        ),
        at=now,
        concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
    )


def _subject(wallet: TradingWallet, trade: UnsettledTrade) -> str:
    return f"{wallet.trading_wallet_id}:{trade.venue_trade_id}:{trade.order_hash}"


def _of_source(trading_wallet_id: UUID, source: str) -> str:
    return f"{trading_wallet_id}:{source}"
