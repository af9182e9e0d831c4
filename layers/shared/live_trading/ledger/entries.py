"""Builders of ledger transactions, one an event. Values in, values out; the time is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.orders import Fill
from live_trading.nouns.trades import Side


class OutOfBalance(ValueError):
    """The entries of a transaction do not sum to zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line: debit positive, credit negative; `shares` move with an entry of a position."""

    account: Account
    trading_wallet_id: UUID
    lt_strategy_id: UUID | None
    token_id: str | None
    amount: Usd
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTransaction:
    """Entries that belong together. Raises OutOfBalance at construction unless they sum to zero."""

    source_reference: str
    kind: TransactionKind
    occurred_at: datetime
    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        difference = total_usd([entry.amount for entry in self.entries])
        if difference:
            raise OutOfBalance(f"{self.source_reference} is out of balance by {difference}")


@dataclass(frozen=True, slots=True)
class _Book:
    """The wallet and strategy that every entry of a transaction shares."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID | None

    def entry(
        self, account: Account, amount: Usd, *, token_id: str | None = None, shares: Shares | None = None
    ) -> LedgerEntry:
        return LedgerEntry(
            account=account,
            trading_wallet_id=self.trading_wallet_id,
            lt_strategy_id=self.lt_strategy_id,
            token_id=token_id,
            amount=amount,
            shares=shares or Shares.zero(),
        )


def _transaction(
    reference: str, kind: TransactionKind, occurred_at: datetime, entries: Iterable[LedgerEntry]
) -> LedgerTransaction:
    """Leaves out lines that say nothing: a free fill has no fee, a lost position no payout."""
    return LedgerTransaction(
        source_reference=reference,
        kind=kind,
        occurred_at=occurred_at,
        entries=tuple(entry for entry in entries if entry.amount or entry.shares),
    )


def opening_deposit(*, trading_wallet_id: UUID, amount: Usd, occurred_at: datetime) -> LedgerTransaction:
    """What a trading wallet held when it was registered, given to no strategy yet."""
    book = _Book(trading_wallet_id, None)
    return _transaction(
        f"deposit:{trading_wallet_id}:opening",
        TransactionKind.DEPOSIT,
        occurred_at,
        [book.entry(Account.UNALLOCATED, amount), book.entry(Account.TRANSFERS, -amount)],
    )


def allocation(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """A strategy's first capital, out of what its wallet holds for nobody."""
    return _transaction(
        f"allocation:{lt_strategy_id}:initial",
        TransactionKind.ALLOCATION,
        occurred_at,
        [
            _Book(trading_wallet_id, None).entry(Account.UNALLOCATED, -amount),
            _Book(trading_wallet_id, lt_strategy_id).entry(Account.CASH, amount),
        ],
    )


def reservation(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, lt_order_id: UUID, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """What an order may cost at most, fees included, set aside before it is sent."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"reservation:{lt_order_id}",
        TransactionKind.RESERVATION,
        occurred_at,
        [book.entry(Account.CASH, -amount), book.entry(Account.RESERVED, amount)],
    )


def release(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    lt_order_id: UUID,
    amount: Usd,
    occurred_at: datetime,
    part: str = "rest",
) -> LedgerTransaction:
    """Gives back what a finished order did not spend; `part` tells a later part (a failed fill) from the rest."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"release:{lt_order_id}:{part}",
        TransactionKind.RELEASE,
        occurred_at,
        [book.entry(Account.RESERVED, -amount), book.entry(Account.CASH, amount)],
    )


def fill_reference(fill: Fill) -> str:
    """The identity of our part of one venue trade."""
    return f"fill:{fill.venue_trade_id}:{fill.order_hash}"


def buy_fill(*, trading_wallet_id: UUID, lt_strategy_id: UUID, fill: Fill) -> LedgerTransaction:
    """A BUY that matched: out of the reservation into the position, the fee on top. Raises ValueError for a SELL."""
    if fill.side is not Side.BUY:
        raise ValueError("not a BUY")
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        fill_reference(fill),
        TransactionKind.FILL,
        fill.match_time,
        [
            book.entry(Account.RESERVED, -(fill.usd + fill.fee)),
            book.entry(Account.POSITION_COST, fill.usd, token_id=fill.token_id, shares=fill.shares),
            book.entry(Account.FEES, fill.fee),
        ],
    )


def sell_fill(*, trading_wallet_id: UUID, lt_strategy_id: UUID, fill: Fill, average_cost: Usd) -> LedgerTransaction:
    """A SELL that matched: proceeds less fee wait for settlement; `average_cost` is what the shares had cost.

    Raises ValueError for a BUY.
    """
    if fill.side is not Side.SELL:
        raise ValueError("not a SELL")
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        fill_reference(fill),
        TransactionKind.FILL,
        fill.match_time,
        [
            book.entry(Account.POSITION_COST, -average_cost, token_id=fill.token_id, shares=-fill.shares),
            book.entry(Account.UNSETTLED, fill.usd - fill.fee),
            book.entry(Account.FEES, fill.fee),
            book.entry(Account.REALISED_PNL, -(fill.usd - average_cost)),
        ],
    )


def external_fill(*, trading_wallet_id: UUID, fill: Fill) -> LedgerTransaction:
    """A trade of the wallet that no strategy made: its dollars come from and go to what is allocated to nobody."""
    book = _Book(trading_wallet_id, None)
    is_buy = fill.side is Side.BUY
    moved = fill.usd + fill.fee if is_buy else fill.fee - fill.usd
    return _transaction(
        fill_reference(fill),
        TransactionKind.FILL,
        fill.match_time,
        [
            book.entry(Account.UNALLOCATED, -moved),
            book.entry(Account.EXTERNAL, moved, token_id=fill.token_id, shares=fill.shares if is_buy else -fill.shares),
        ],
    )


def collateral_correction(
    *, trading_wallet_id: UUID, break_id: int, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """Dollars that came to (or left, negative) the wallet by another way than a trade: a deposit or a withdrawal."""
    book = _Book(trading_wallet_id, None)
    return _transaction(
        f"correction:{break_id}",
        TransactionKind.CORRECTION,
        occurred_at,
        [book.entry(Account.UNALLOCATED, amount), book.entry(Account.TRANSFERS, -amount)],
    )


def token_correction(
    *, trading_wallet_id: UUID, break_id: int, token_id: str, shares: Shares, occurred_at: datetime
) -> LedgerTransaction:
    """Shares that came to (or left, negative) the wallet by another way than a trade; they cost nothing here."""
    entry = _Book(trading_wallet_id, None).entry(Account.EXTERNAL, Usd.zero(), token_id=token_id, shares=shares)
    return _transaction(f"correction:{break_id}", TransactionKind.CORRECTION, occurred_at, [entry])


def settlement(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, fill: Fill, occurred_at: datetime
) -> LedgerTransaction:
    """A SELL that is CONFIRMED: its proceeds may be spent."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    proceeds = fill.usd - fill.fee
    return _transaction(
        f"settlement:{fill.venue_trade_id}:{fill.order_hash}",
        TransactionKind.SETTLEMENT,
        occurred_at,
        [book.entry(Account.UNSETTLED, -proceeds), book.entry(Account.CASH, proceeds)],
    )


def reversal(original: LedgerTransaction, *, occurred_at: datetime) -> LedgerTransaction:
    """The exact opposite of a booked transaction."""
    return LedgerTransaction(
        source_reference=f"reversal:{original.source_reference}",
        kind=TransactionKind.REVERSAL,
        occurred_at=occurred_at,
        entries=tuple(
            LedgerEntry(
                account=entry.account,
                trading_wallet_id=entry.trading_wallet_id,
                lt_strategy_id=entry.lt_strategy_id,
                token_id=entry.token_id,
                amount=-entry.amount,
                shares=-entry.shares,
            )
            for entry in original.entries
        ),
    )


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
) -> LedgerTransaction:
    """A resolved position: its cost leaves, what it is owed waits for redemption, the difference is realised."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"resolution:{condition_id}:{token_id}:{lt_strategy_id}",
        TransactionKind.RESOLUTION,
        occurred_at,
        [
            book.entry(Account.POSITION_COST, -cost, token_id=token_id, shares=-shares),
            book.entry(Account.PENDING_REDEMPTION, payout, token_id=token_id, shares=shares),
            book.entry(Account.REALISED_PNL, -(payout - cost)),
        ],
    )


def redemption(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    token_id: str,
    lt_redemption_id: UUID,
    shares: Shares,
    payout: Usd,
    occurred_at: datetime,
) -> LedgerTransaction:
    """A redemption that the chain has paid: the shares are gone and the money may be spent."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"redemption:{lt_redemption_id}:{token_id}:{lt_strategy_id}",
        TransactionKind.REDEMPTION,
        occurred_at,
        [
            book.entry(Account.PENDING_REDEMPTION, -payout, token_id=token_id, shares=-shares),
            book.entry(Account.CASH, payout),
        ],
    )


def redemption_in_usdce(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    token_id: str,
    lt_redemption_id: UUID,
    shares: Shares,
    payout: Usd,
    occurred_at: datetime,
) -> LedgerTransaction:
    """A direct redemption, paid in USDC.e: it has left what the strategy can trade with until somebody wraps it."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"redemption:{lt_redemption_id}:{token_id}:{lt_strategy_id}",
        TransactionKind.REDEMPTION,
        occurred_at,
        [
            book.entry(Account.PENDING_REDEMPTION, -payout, token_id=token_id, shares=-shares),
            book.entry(Account.TRANSFERS, payout),
        ],
    )


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
    book = _Book(trading_wallet_id, None)
    known = [token_id for token_id, shares in external.items() if shares.is_positive]
    gone = [
        book.entry(Account.EXTERNAL, -amount if token_id == known[0] else Usd.zero(), token_id=token_id, shares=-shares)
        for token_id, shares in external.items()
        if shares.is_positive
    ]
    source = gone or [book.entry(Account.TRANSFERS, -amount)]
    return _transaction(
        f"deposit:redemption:{lt_redemption_id}",
        TransactionKind.DEPOSIT,
        occurred_at,
        [book.entry(Account.TRANSFERS if in_usdce else Account.UNALLOCATED, amount), *source],
    )


def write_off(
    *,
    trading_wallet_id: UUID,
    lt_strategy_id: UUID,
    token_id: str,
    lt_redemption_id: UUID,
    shares: Shares,
    payout: Usd,
    occurred_at: datetime,
) -> LedgerTransaction:
    """A claim that an operator has given up: the profit that was realised with it is taken back."""
    book = _Book(trading_wallet_id, lt_strategy_id)
    return _transaction(
        f"redemption:{lt_redemption_id}:{token_id}:{lt_strategy_id}",
        TransactionKind.CORRECTION,
        occurred_at,
        [
            book.entry(Account.PENDING_REDEMPTION, -payout, token_id=token_id, shares=-shares),
            book.entry(Account.REALISED_PNL, payout),
        ],
    )


def gas(*, trading_wallet_id: UUID, chain_send_id: UUID, amount: Usd, occurred_at: datetime) -> LedgerTransaction:
    """Gas that a mined transaction burnt, valued in dollars; it is paid in the chain's own coin from outside."""
    book = _Book(trading_wallet_id, None)
    return _transaction(
        f"gas:{chain_send_id}",
        TransactionKind.GAS,
        occurred_at,
        [book.entry(Account.GAS, amount), book.entry(Account.TRANSFERS, -amount)],
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
    book = _Book(trading_wallet_id, lt_strategy_id)
    lines: list[LedgerEntry] = []
    for leg in legs:
        lines += [
            book.entry(Account.POSITION_COST, -leg.cost, token_id=leg.token_id, shares=-pairs),
            book.entry(Account.CASH, leg.proceeds, token_id=leg.token_id),
            book.entry(Account.REALISED_PNL, -(leg.proceeds - leg.cost), token_id=leg.token_id),
        ]
    return _transaction(f"merge:{lt_redemption_id}:{lt_strategy_id}", TransactionKind.REDEMPTION, occurred_at, lines)
