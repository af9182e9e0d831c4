"""Every transaction of the ledger sums to zero, and money never appears or disappears."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.ledger import order_entries, settlement_entries, transactions
from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.payouts import split_payout
from live_trading.ledger.transactions import Book, LedgerEntry, LedgerTransaction, OutOfBalance
from live_trading.nouns.money import Price, Shares, Usd, notional, total_usd
from live_trading.nouns.orders import Fill, Moved
from live_trading.nouns.trades import Side
from tests.builders import CONDITION, NOON, ORDER, REDEMPTION, STRATEGY, TRADING_WALLET, YES, a_fill, a_payout

OTHER_STRATEGY = UUID("55555555-5555-4555-8555-555555555555")
OURS = {"trading_wallet_id": TRADING_WALLET, "lt_strategy_id": STRATEGY}
cents = st.decimals(min_value="0.01", max_value="1000", places=6)


def sums(*transactions: LedgerTransaction) -> dict[Account, Usd]:
    found: dict[Account, Usd] = defaultdict(Usd.zero)
    for transaction in transactions:
        for entry in transaction.entries:
            found[entry.account] += entry.amount
    return {account: amount for account, amount in found.items() if amount}


def test_entries_that_do_not_balance_cannot_be_made() -> None:
    entry = LedgerEntry(
        account=Account.CASH,
        trading_wallet_id=TRADING_WALLET,
        lt_strategy_id=STRATEGY,
        token_id=None,
        amount=Usd(1),
        shares=Shares.zero(),
    )

    with pytest.raises(OutOfBalance):
        LedgerTransaction(source_reference="x", kind=TransactionKind.CORRECTION, occurred_at=NOON, entries=(entry,))


def test_a_purchase_takes_cost_and_fee_out_of_its_reservation_and_the_rest_comes_back() -> None:
    fill = a_fill(price="0.40", shares="25", fee="0.42")
    whole = sums(
        order_entries.reservation(**OURS, lt_order_id=ORDER, amount=Usd("11"), occurred_at=NOON),
        order_entries.buy_fill(**OURS, fill=fill),
        order_entries.release(**OURS, lt_order_id=ORDER, amount=Usd("0.58"), occurred_at=NOON),
    )

    assert whole == {Account.CASH: Usd("-10.42"), Account.POSITION_COST: Usd(10), Account.FEES: Usd("0.42")}


def test_a_sale_waits_for_settlement_before_it_is_cash() -> None:
    fill = a_fill(side=Side.SELL, price="0.60", shares="25", fee="0.20")
    matched = order_entries.sell_fill(**OURS, fill=fill, average_cost=Usd(10))

    assert sums(matched)[Account.UNSETTLED] == Usd("14.80")
    assert Account.CASH not in sums(matched)
    whole = sums(matched, order_entries.settlement(**OURS, fill=fill, occurred_at=NOON))
    assert whole == {
        Account.CASH: Usd("14.80"),
        Account.POSITION_COST: Usd(-10),
        Account.FEES: Usd("0.20"),
        Account.REALISED_PNL: Usd(-5),
    }


@pytest.mark.parametrize(
    "build",
    [
        lambda: order_entries.buy_fill(**OURS, fill=a_fill(side=Side.SELL)),
        lambda: order_entries.sell_fill(**OURS, fill=a_fill(side=Side.BUY), average_cost=Usd(1)),
    ],
)
def test_a_fill_of_the_wrong_side_is_refused(build) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="not a"):
        build()


@given(price=st.decimals(min_value="0.001", max_value="0.999", places=3), shares=cents, fee=cents)
def test_a_reversal_takes_back_every_entry_and_reversing_it_again_brings_them_back(
    price: Decimal, shares: Decimal, fee: Decimal
) -> None:
    fill = a_fill(price=str(price), shares=str(shares), fee=str(fee))
    booked = order_entries.buy_fill(**OURS, fill=fill)
    reversed_once = transactions.reversal(booked, occurred_at=NOON)

    assert sums(booked, reversed_once) == {}
    assert sum(entry.shares.base_units for entry in (*booked.entries, *reversed_once.entries)) == 0
    assert sums(transactions.reversal(reversed_once, occurred_at=NOON)) == sums(booked)
    assert reversed_once.source_reference != booked.source_reference


@given(side=st.sampled_from(list(Side)), shares=cents, fee=st.decimals(min_value=0, max_value=5, places=5))
def test_a_trade_beside_us_moves_only_what_is_allocated_to_nobody(side: Side, shares: Decimal, fee: Decimal) -> None:
    booked = order_entries.external_fill(
        trading_wallet_id=TRADING_WALLET, fill=a_fill(side=side, shares=str(shares), fee=str(fee))
    )

    assert {entry.account for entry in booked.entries} <= {Account.UNALLOCATED, Account.EXTERNAL}
    assert all(entry.lt_strategy_id is None for entry in booked.entries)


def as_moved(fill: Fill, moved: Moved) -> Fill:
    return replace(fill, usd=moved.usd, shares=moved.shares, fee=moved.fee)


units = st.integers(min_value=1, max_value=10**10)
readings = st.builds(
    lambda usd, shares, fee: Moved(
        usd=Usd.of_base_units(usd), shares=Shares.of_base_units(shares), fee=Usd.of_base_units(fee)
    ),
    units,
    units,
    units,
)


def shares_by_account(*transactions: LedgerTransaction) -> dict[Account, int]:
    found: dict[Account, int] = defaultdict(int)
    for transaction in transactions:
        for entry in transaction.entries:
            found[entry.account] += entry.shares.base_units
    return {account: shares for account, shares in found.items() if shares}


@given(moved=readings, fee=st.decimals(min_value=0, max_value=5, places=5))
def test_a_corrected_purchase_is_booked_as_if_the_receipt_had_been_known(moved: Moved, fee: Decimal) -> None:
    fill = a_fill(fee=str(fee))
    correction = order_entries.buy_correction(
        reference="r",
        book=Book(TRADING_WALLET, STRATEGY),
        fill=fill,
        moved=moved,
        paid_from=Account.RESERVED,
        occurred_at=NOON,
    )
    booked = (order_entries.buy_fill(**OURS, fill=fill), correction)
    known = order_entries.buy_fill(**OURS, fill=as_moved(fill, moved))

    assert correction.kind is TransactionKind.FILL_CORRECTION
    assert sums(*booked) == sums(known)
    assert shares_by_account(*booked) == shares_by_account(known)


@given(moved=readings, cost=st.integers(min_value=-(10**6), max_value=10**9).map(Usd.of_base_units))
def test_a_corrected_sale_is_booked_as_if_the_receipt_had_been_known(moved: Moved, cost: Usd) -> None:
    fill = a_fill(side=Side.SELL, fee="0.20")
    correction = order_entries.sell_correction(
        reference="r",
        book=Book(TRADING_WALLET, STRATEGY),
        fill=fill,
        moved=moved,
        cost=cost,
        paid_to=Account.UNSETTLED,
        occurred_at=NOON,
    )
    booked = (order_entries.sell_fill(**OURS, fill=fill, average_cost=Usd(8)), correction)
    known = order_entries.sell_fill(**OURS, fill=as_moved(fill, moved), average_cost=Usd(8) + cost)

    assert sums(*booked) == sums(known)
    assert shares_by_account(*booked) == shares_by_account(known)


@given(side=st.sampled_from(list(Side)), moved=readings)
def test_a_corrected_trade_beside_us_is_booked_as_if_the_receipt_had_been_known(side: Side, moved: Moved) -> None:
    fill = a_fill(side=side, fee="0.20")
    correction = order_entries.external_correction(
        reference="r", trading_wallet_id=TRADING_WALLET, fill=fill, moved=moved, occurred_at=NOON
    )
    booked = (order_entries.external_fill(trading_wallet_id=TRADING_WALLET, fill=fill), correction)
    known = order_entries.external_fill(trading_wallet_id=TRADING_WALLET, fill=as_moved(fill, moved))

    assert sums(*booked) == sums(known)
    assert shares_by_account(*booked) == shares_by_account(known)


numerators = st.lists(st.integers(min_value=0, max_value=1000), min_size=2, max_size=4).filter(any)
holdings = st.lists(st.decimals(min_value="0.000001", max_value="5000", places=6), min_size=1, max_size=5)


@given(numerators=numerators, shares=holdings)
def test_parts_of_a_payout_sum_to_what_the_chain_pays_for_the_whole_balance(
    numerators: list[int], shares: list[Decimal]
) -> None:
    vector = a_payout(*numerators)
    held = [Shares(each) for each in shares]
    owed = split_payout(vector, 0, held)

    units = sum(each.base_units for each in held)
    assert sum(each.base_units for each in owed) == units * numerators[0] // sum(numerators)
    assert all(not each.is_negative for each in owed)


@given(
    numerators=numerators,
    fills=st.lists(st.tuples(st.decimals(min_value="0.01", max_value="0.99", places=2), cents), min_size=1, max_size=6),
)
def test_profit_is_exactly_the_cash_that_moved_from_purchase_to_redemption(
    numerators: list[int], fills: list[tuple[Decimal, Decimal]]
) -> None:
    bought = [
        a_fill(price=str(price), shares=str(shares), number=number, fee=str(shares * Decimal("0.01")).rstrip("0")[:6])
        for number, (price, shares) in enumerate(fills)
    ]
    booked = []
    for fill in bought:
        spent = fill.usd + fill.fee
        booked.append(order_entries.reservation(**OURS, lt_order_id=ORDER, amount=spent, occurred_at=NOON))
        booked.append(order_entries.buy_fill(**OURS, fill=fill))
    held = Shares.of_base_units(sum(fill.shares.base_units for fill in bought))
    cost = total_usd([fill.usd for fill in bought])
    (payout,) = split_payout(a_payout(*numerators), 0, [held])
    booked.append(
        settlement_entries.resolution(
            **OURS, token_id=YES, condition_id=CONDITION, shares=held, cost=cost, payout=payout, occurred_at=NOON
        )
    )
    claim = settlement_entries.Claim(**OURS, token_id=YES, lt_redemption_id=REDEMPTION, shares=held, payout=payout)
    booked.append(settlement_entries.redemption(claim, NOON))

    whole = sums(*booked)
    profit = -(whole.get(Account.REALISED_PNL, Usd.zero()) + whole.get(Account.FEES, Usd.zero()))
    assert whole.get(Account.CASH, Usd.zero()) == profit
    for account in (Account.RESERVED, Account.POSITION_COST, Account.PENDING_REDEMPTION):
        assert account not in whole
    assert sum(entry.shares.base_units for each in booked for entry in each.entries) == 0


def test_a_price_times_shares_is_exact_on_six_places() -> None:
    assert notional(Price("0.123456"), Shares("1.000001")) == Usd("0.123456")
