"""Compares what is kept of the ledger with the ledger: one account a pass, and again each that differed before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account
from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.store.books import kept
from live_trading.store.books.kept import KeptAccount, KeptDifference
from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alerts

CURSOR = "kept_sums"
# What an alert names of one account; the rest is counted.
_MOST_NAMED = 5
_REMEDY = (
    "the ledger is right and what is kept of it is not, and limits are judged on that: run "
    "SELECT ledger_rebuild_kept() on the database, which makes it anew and may be repeated; postings wait meanwhile"
)


def compare(transaction: Transaction, now: datetime) -> int:
    """Looks at the next account of the round and at those with an open alert; how many of them differ.

    The alert of one that agrees again ends.
    """
    place = cursors.number(transaction, CURSOR)
    cursors.advance_number(transaction, CURSOR, place + 1, now)
    following = kept.at_place(transaction, place)
    open_ones = [_of_subject(each) for each in alerts.open_subjects(transaction, AlertType.KEPT_SUMS)]
    concerned = {_subject(each): each for each in [*open_ones, *([following] if following else [])]}
    differing: list[str] = []
    for subject, account in concerned.items():
        found = kept.differences(transaction, account)
        if found:
            differing.append(subject)
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.KEPT_SUMS,
                severity=Severity.CRITICAL,
                subject=subject,
                title=f"{_named(account)}: what is kept is not what is booked",
                message=_told(account, found),
                at=now,
                concern=Concern(trading_wallet_id=account.trading_wallet_id, lt_strategy_id=account.lt_strategy_id),
            )
    alerts.resolve_others(transaction, alert_type=AlertType.KEPT_SUMS, prefix="", standing=differing, at=now)
    return len(differing)


def _named(account: KeptAccount) -> str:
    if account.lt_strategy_id is None:
        return f"{account.account} of wallet {account.trading_wallet_id}"
    return f"{account.account} of strategy {account.lt_strategy_id} in wallet {account.trading_wallet_id}"


def _told(account: KeptAccount, found: list[KeptDifference]) -> str:
    told = [_difference(each) for each in found[:_MOST_NAMED]]
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"{_named(account)}: {'; '.join(told)}{more}; {_REMEDY}"


def _difference(each: KeptDifference) -> str:
    if each.token_id is None:
        return f"the balance is kept as ${each.kept_usd}, and its entries come to ${each.booked_usd}"
    return (
        f"token {each.token_id} is kept as {each.kept_shares} shares for ${each.kept_usd}, and its entries come to "
        f"{each.booked_shares} shares for ${each.booked_usd}"
    )


def _subject(account: KeptAccount) -> str:
    return f"{account.trading_wallet_id}/{account.lt_strategy_id or ''}/{account.account}"


def _of_subject(subject: str) -> KeptAccount:
    wallet, strategy, account = subject.split("/")
    return KeptAccount(
        trading_wallet_id=UUID(wallet),
        lt_strategy_id=UUID(strategy) if strategy else None,
        account=Account(account),
    )
