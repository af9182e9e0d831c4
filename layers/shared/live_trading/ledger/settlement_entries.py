"""Entries of a market's end: its resolution, and what redemptions, merges and write-offs make of positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerEntry, LedgerTransaction, transaction_of
from live_trading.nouns.money import Shares, Usd


def resolution(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    token_id: str,
    condition_id: str,
    shares: Shares,
    cost: Usd,
    payout: Usd,
    occurred_at: datetime,
    number: int = 1,
) -> LedgerTransaction:
    """A resolved position: its cost leaves, what it is owed waits for redemption, the difference is realised.

    `number` counts the resolutions of one strategy's token: a second one is of shares that were heard of later.
    """
    book = Book(trading_wallet_id, lt_strategy_id)
    return transaction_of(
        f"resolution:{condition_id}:{token_id}:{lt_strategy_id}" + (f":{number}" if number > 1 else ""),
        TransactionKind.RESOLUTION,
        occurred_at,
        [
            book.entry(Account.POSITION_COST, -cost, token_id=token_id, shares=-shares),
            book.entry(Account.PENDING_REDEMPTION, payout, token_id=token_id, shares=shares),
            book.entry(Account.REALISED_PNL, -(payout - cost)),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a strategy is owed for the resolved shares of one token, which a redemption was opened for."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID
    token_id: str
    lt_redemption_id: UUID
    shares: Shares
    payout: Usd


def redemption(claim: Claim, occurred_at: datetime) -> LedgerTransaction:
    """A redemption that the chain has paid: the shares are gone and the money may be spent."""
    return _ended(claim, TransactionKind.REDEMPTION, Account.CASH, occurred_at)


def redemption_in_usdce(claim: Claim, occurred_at: datetime) -> LedgerTransaction:
    """A direct redemption, paid in USDC.e: it has left what the strategy can trade with until somebody wraps it."""
    return _ended(claim, TransactionKind.REDEMPTION, Account.TRANSFERS, occurred_at)


def redemption_surplus(
    *,
    trading_wallet_id: UUID,
    lt_redemption_id: UUID,
    amount: Usd,
    external: Mapping[str, Shares],
    in_usdce: bool,
    occurred_at: datetime,
) -> LedgerTransaction:
    """What a redemption did with tokens that no strategy bought: their payout is the wallet's, and nobody's profit.

    `external` are the shares of them that the ledger knows, by token; they are gone now. What was paid in USDC.e has
    left the wallet's collateral.
    """
    book = Book(trading_wallet_id, None)
    known = [token_id for token_id, shares in external.items() if shares.is_positive]
    gone = [
        book.entry(Account.EXTERNAL, -amount if token_id == known[0] else Usd.zero(), token_id=token_id, shares=-shares)
        for token_id, shares in external.items()
        if shares.is_positive
    ]
    source = gone or [book.entry(Account.TRANSFERS, -amount)]
    return transaction_of(
        f"deposit:redemption:{lt_redemption_id}",
        TransactionKind.DEPOSIT,
        occurred_at,
        [book.entry(Account.TRANSFERS if in_usdce else Account.UNALLOCATED, amount), *source],
    )


def write_off(claim: Claim, occurred_at: datetime) -> LedgerTransaction:
    """A claim that an operator has given up: the profit that was realised with it is taken back."""
    return _ended(claim, TransactionKind.CORRECTION, Account.REALISED_PNL, occurred_at)


def _ended(claim: Claim, kind: TransactionKind, gets: Account, occurred_at: datetime) -> LedgerTransaction:
    """The claim and its shares are gone; the account `gets` what was owed."""
    book = Book(claim.trading_wallet_id, claim.lt_strategy_id)
    return transaction_of(
        f"redemption:{claim.lt_redemption_id}:{claim.token_id}:{claim.lt_strategy_id}",
        kind,
        occurred_at,
        [
            book.entry(Account.PENDING_REDEMPTION, -claim.payout, token_id=claim.token_id, shares=-claim.shares),
            book.entry(gets, claim.payout),
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedLeg:
    """One outcome's part of a merge: what its shares had cost, and its half of the dollar."""

    token_id: str
    cost: Usd
    proceeds: Usd


def merge(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    lt_redemption_id: UUID,
    pairs: Shares,
    legs: Iterable[MergedLeg],
    occurred_at: datetime,
) -> LedgerTransaction:
    """Pairs of both outcomes turned back into a dollar each, spendable at once; the difference to cost is realised."""
    book = Book(trading_wallet_id, lt_strategy_id)
    lines: list[LedgerEntry] = []
    for leg in legs:
        lines += [
            book.entry(Account.POSITION_COST, -leg.cost, token_id=leg.token_id, shares=-pairs),
            book.entry(Account.CASH, leg.proceeds, token_id=leg.token_id),
            book.entry(Account.REALISED_PNL, -(leg.proceeds - leg.cost), token_id=leg.token_id),
        ]
    return transaction_of(f"merge:{lt_redemption_id}:{lt_strategy_id}", TransactionKind.REDEMPTION, occurred_at, lines)
