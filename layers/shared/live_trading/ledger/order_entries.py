"""Entries of an order: its reservation, its fills as expected, what their receipts correct, and their settlement."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, transaction_of
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import Fill, Moved
from live_trading.nouns.trades import Side


def reservation(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, lt_order_id: UUID, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """What an order may cost at most, fees included, set aside before it is sent."""
    book = Book(trading_wallet_id, lt_strategy_id)
    return transaction_of(
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
    book = Book(trading_wallet_id, lt_strategy_id)
    return transaction_of(
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
    book = Book(trading_wallet_id, lt_strategy_id)
    return transaction_of(
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
    book = Book(trading_wallet_id, lt_strategy_id)
    return transaction_of(
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
    book = Book(trading_wallet_id, None)
    is_buy = fill.side is Side.BUY
    moved = fill.usd + fill.fee if is_buy else fill.fee - fill.usd
    return transaction_of(
        fill_reference(fill),
        TransactionKind.FILL,
        fill.match_time,
        [
            book.entry(Account.UNALLOCATED, -moved),
            book.entry(Account.EXTERNAL, moved, token_id=fill.token_id, shares=fill.shares if is_buy else -fill.shares),
        ],
    )


def correction_reference(fill: Fill, trades_in_transaction: int) -> str:
    """The identity of what a receipt corrects of a fill.

    A trade that is listed late shares the sum of its transaction with those known before, so that they are corrected
    once more: the number of trades that shared tells the two apart.
    """
    return f"fill_correction:{fill.venue_trade_id}:{fill.order_hash}:{trades_in_transaction}"


def buy_correction(
    *, reference: str, book: Book, fill: Fill, moved: Moved, paid_from: Account, occurred_at: datetime
) -> LedgerTransaction:
    """The difference between a BUY as booked and what it moved; `paid_from` is RESERVED, or CASH once released."""
    usd, fee = moved.usd - fill.usd, moved.fee - fill.fee
    return transaction_of(
        reference,
        TransactionKind.FILL_CORRECTION,
        occurred_at,
        [
            book.entry(paid_from, -(usd + fee)),
            book.entry(Account.POSITION_COST, usd, token_id=fill.token_id, shares=moved.shares - fill.shares),
            book.entry(Account.FEES, fee),
        ],
    )


def sell_correction(
    *, reference: str, book: Book, fill: Fill, moved: Moved, cost: Usd, paid_to: Account, occurred_at: datetime
) -> LedgerTransaction:
    """The difference between a SELL as it is booked and what it moved.

    `cost` is what the shares that it moved beyond the booked ones had cost, negative where it moved fewer; `paid_to` is
    UNSETTLED, or CASH once settled.
    """
    usd, fee = moved.usd - fill.usd, moved.fee - fill.fee
    return transaction_of(
        reference,
        TransactionKind.FILL_CORRECTION,
        occurred_at,
        [
            book.entry(Account.POSITION_COST, -cost, token_id=fill.token_id, shares=fill.shares - moved.shares),
            book.entry(paid_to, usd - fee),
            book.entry(Account.FEES, fee),
            book.entry(Account.REALISED_PNL, -(usd - cost)),
        ],
    )


def external_correction(
    *, reference: str, trading_wallet_id: UUID, fill: Fill, moved: Moved, occurred_at: datetime
) -> LedgerTransaction:
    """The difference between a trade that no strategy made as it is booked and what it moved."""
    book = Book(trading_wallet_id, None)
    is_buy = fill.side is Side.BUY
    usd, fee, shares = moved.usd - fill.usd, moved.fee - fill.fee, moved.shares - fill.shares
    spent = usd + fee if is_buy else fee - usd
    return transaction_of(
        reference,
        TransactionKind.FILL_CORRECTION,
        occurred_at,
        [
            book.entry(Account.UNALLOCATED, -spent),
            book.entry(Account.EXTERNAL, spent, token_id=fill.token_id, shares=shares if is_buy else -shares),
        ],
    )


def settlement(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, fill: Fill, occurred_at: datetime
) -> LedgerTransaction:
    """A SELL that is CONFIRMED: its proceeds may be spent."""
    book = Book(trading_wallet_id, lt_strategy_id)
    proceeds = fill.usd - fill.fee
    return transaction_of(
        f"settlement:{fill.venue_trade_id}:{fill.order_hash}",
        TransactionKind.SETTLEMENT,
        occurred_at,
        [book.entry(Account.UNSETTLED, -proceeds), book.entry(Account.CASH, proceeds)],
    )
