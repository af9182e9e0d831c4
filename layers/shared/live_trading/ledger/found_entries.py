"""Entries of what a person books to strategies that no order of theirs explains: shares that were found, shares gone.

One break is explained by one transaction. Found shares are paid out of the strategy's cash, so that what it is worth
does not change by an adoption; shares that were sold elsewhere bring the strategy what they brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.payouts import proportional_part
from live_trading.ledger.transactions import Book, LedgerEntry, LedgerTransaction, transaction_of
from live_trading.nouns.money import Shares, Usd, total_shares, total_usd


def correction_reference(break_id: int) -> str:
    """The source reference of what explains a break."""
    return f"correction:{break_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """Shares of a token that a strategy takes over at `cost`.

    `known` of them the ledger has for nobody already. `to_wallet` is the part of the cost that the wallet is owed,
    because its own dollars paid for them; the rest has left the chain. `payout` is what they are owed where their
    market has resolved, None while it runs.
    """

    lt_strategy_id: UUID
    token_id: str
    shares: Shares
    cost: Usd
    known: Shares
    to_wallet: Usd
    payout: Usd | None

    def owed(self, payout: Usd) -> Adopted:
        """The same of a resolved market."""
        return replace(self, payout=payout)


def adoption(
    *, break_id: int, trading_wallet_id: UUID, adopted: Sequence[Adopted], difference: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """Found shares in their strategies; `difference` is what the wallet's dollars differ by beside what they cost."""
    wallet = Book(trading_wallet_id, None)
    lines: list[LedgerEntry] = []
    for each in adopted:
        book = Book(trading_wallet_id, each.lt_strategy_id)
        lines += [
            book.entry(Account.CASH, -each.cost),
            *_taken_over(book, each),
            wallet.entry(Account.UNALLOCATED, each.to_wallet),
            wallet.entry(Account.EXTERNAL, -each.to_wallet, token_id=each.token_id, shares=-each.known),
        ]
    lines += [wallet.entry(Account.UNALLOCATED, difference), wallet.entry(Account.TRANSFERS, -difference)]
    return transaction_of(correction_reference(break_id), TransactionKind.CORRECTION, occurred_at, lines)


def _taken_over(book: Book, each: Adopted) -> list[LedgerEntry]:
    if each.payout is None:
        return [book.entry(Account.POSITION_COST, each.cost, token_id=each.token_id, shares=each.shares)]
    return [
        book.entry(Account.PENDING_REDEMPTION, each.payout, token_id=each.token_id, shares=each.shares),
        book.entry(Account.REALISED_PNL, -(each.payout - each.cost)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What a strategy has of a token: at cost while its market runs, at what it is owed once that has resolved."""

    lt_strategy_id: UUID
    account: Account
    shares: Shares
    amount: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The part of a stake that is gone, and what it brought."""

    stake: Stake
    shares: Shares
    proceeds: Usd

    @property
    def amount(self) -> Usd:
        """Its part of what the stake is booked at."""
        return proportional_part(self.stake.amount, self.shares, self.stake.shares)


def shared_among(stakes: Sequence[Stake], missing: Shares, proceeds: Usd) -> list[Gone]:
    """Missing shares and their proceeds, pro rata and to the base unit; at most what the stakes have."""
    whole = total_shares([each.shares for each in stakes]).base_units
    units = min(missing.base_units, whole)
    found: list[Gone] = []
    seen = taken = paid = 0
    for stake in stakes:
        seen += stake.shares.base_units
        shares, usd = units * seen // whole - taken, proceeds.base_units * seen // whole - paid
        taken, paid = taken + shares, paid + usd
        if shares or usd:
            found.append(Gone(stake=stake, shares=Shares.of_base_units(shares), proceeds=Usd.of_base_units(usd)))
    return found


def departure(
    *,
    break_id: int,
    trading_wallet_id: UUID,
    token_id: str,
    gone: Sequence[Gone],
    external: Shares,
    from_token: Usd,
    from_income: Usd,
    occurred_at: datetime,
) -> LedgerTransaction:
    """Shares that left a wallet beside this system, and their proceeds in the cash of those who had them.

    `external` is what is nobody's and changes with it: positive gives back what a sale took below zero, negative takes
    what was there. Of the proceeds the wallet has `from_token` already, credited to the token, and `from_income` as
    dollars that nothing explained; the rest is on the chain and in no account yet.
    """
    wallet = Book(trading_wallet_id, None)
    lines: list[LedgerEntry] = []
    for each in gone:
        book = Book(trading_wallet_id, each.stake.lt_strategy_id)
        lines += [
            book.entry(each.stake.account, -each.amount, token_id=token_id, shares=-each.shares),
            book.entry(Account.CASH, each.proceeds),
            book.entry(Account.REALISED_PNL, -(each.proceeds - each.amount)),
        ]
    lines += [
        wallet.entry(Account.UNALLOCATED, -(from_token + from_income)),
        wallet.entry(Account.EXTERNAL, from_token, token_id=token_id, shares=external),
        wallet.entry(Account.EXTERNAL, from_income),
    ]
    return transaction_of(correction_reference(break_id), TransactionKind.CORRECTION, occurred_at, lines)


def owed_no_more(gone: Sequence[Gone]) -> Usd:
    """What is no longer owed by redemptions, because shares that had resolved are not there."""
    return total_usd([each.amount for each in gone if each.stake.account is Account.PENDING_REDEMPTION])
