"""Tells a person of each open break by itself: what differs, since when, what may explain it, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.books import break_clues, breaks
from live_trading.store.books.breaks import BreakKind, StoredBreak
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alerts


def tell(
    transaction: Transaction,
    wallet: TradingWallet,
    standing: Sequence[StoredBreak],
    transfers: Mapping[str, tuple[str, ...]],
    now: datetime,
) -> None:
    """Raises an alert for each open break, or brings its text up to date; `transfers` are newly found, by subject."""
    for each in standing:
        found = transfers.get(each.found.subject, ())
        if found and not each.transfers:
            breaks.note_transfers(transaction, each.break_id, found)
        alerts.raise_alert(
            transaction,
            alert_type=AlertType.BREAK,
            severity=Severity.CRITICAL if each.is_halting else Severity.WARNING,
            subject=str(each.break_id),
            title=f"{each.found.kind} of wallet {wallet.address} is at odds by {_difference(each)}",
            message=_message(transaction, wallet, each, found),
            at=now,
            concern=Concern(trading_wallet_id=wallet.trading_wallet_id),
        )


def resolve(transaction: Transaction, closed: Sequence[int], now: datetime) -> None:
    """Ends the alerts of breaks that are closed."""
    for break_id in closed:
        alerts.resolve_alert(transaction, alert_type=AlertType.BREAK, subject=str(break_id), at=now)


def _message(transaction: Transaction, wallet: TradingWallet, each: StoredBreak, transfers: tuple[str, ...]) -> str:
    clues = list(dict.fromkeys([*transfers, *break_clues.of_break(transaction, each)]))
    subject = _subject(transaction, each)
    place = f"/api/trading-wallets/{wallet.trading_wallet_id}/breaks/{each.break_id}"
    return " ".join(
        [
            f"Break {each.break_id} ({each.found.kind}) of trading wallet {wallet.trading_wallet_id}",
            f"({wallet.address}): of {subject} {each.found.expected} was expected and {each.found.observed} observed,",
            f"since {each.found_at:%Y-%m-%d %H:%M:%S} UTC.",
            f"What may explain it: {'; '.join(clues) or 'nothing that is known here'}.",
            "Entries of this wallet stand still meanwhile." if each.is_halting else "",
            f"What to do at {place}: {what_to_do(each)}.",
        ]
    )


def _subject(transaction: Transaction, each: StoredBreak) -> str:
    if each.found.kind is BreakKind.COLLATERAL:
        return "its dollars"
    return break_clues.subject_named(transaction, each) if each.found.kind in _OF_TOKENS else each.found.subject


def _difference(each: StoredBreak) -> str:
    amount = each.found.observed - each.found.expected
    return f"{amount} {'USD' if each.found.kind in _IN_DOLLARS else 'shares'}"


_OF_TOKENS = (BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE)
_IN_DOLLARS = (BreakKind.COLLATERAL, BreakKind.ALLOWANCE)

_WHAT_TO_DO: Mapping[BreakKind, str] = {
    BreakKind.COLLATERAL: (
        "look whether one of these took the dollars; if they bought tokens that lie in the wallet, accept it with "
        "`adopt` (token, strategy, cost), and if they were withdrawn, with an empty `adopt`"
    ),
    BreakKind.TOKEN_BALANCE: (
        "if the shares were sold or sent away beside this system, accept it with `proceeds_usd` for what they brought, "
        "for one strategy by `lt_strategy_id`, else for all that hold them"
    ),
    BreakKind.UNKNOWN_TRADE: (
        "shares of strategies were sold beside this system: accept it to book the sale with its proceeds, for one "
        "strategy by `lt_strategy_id`, else for all that hold them"
    ),
    BreakKind.UNKNOWN_ORDER: "cancel the order at the venue if nobody of you placed it",
    BreakKind.ALLOWANCE: (
        "grant the allowance by the wallet's approvals: orders that need this contract are refused until then"
    ),
    BreakKind.UNREADABLE_ANSWER: (
        "nothing can be booked by hand; look into the rows that were set aside, and at the venue for the "
        "order or trade that is named"
    ),
}


def what_to_do(each: StoredBreak) -> str:
    """What a person can do about it, in words."""
    return _WHAT_TO_DO[each.found.kind]
