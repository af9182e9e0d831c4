"""Random histories of orders, fills and receipts, repeated and reordered, against the real ledger and state machine.

Trades come late, doubled and after an order's end; look-ups find nothing, or an end before its time, or no quantity.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from live_trading.ledger import capital_entries, order_entries
from live_trading.nouns.markets import ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import (
    AcceptedStatus,
    Fill,
    FillStatus,
    Moved,
    OrderPlan,
    OrderState,
    OrderType,
    PostAnswer,
    Purpose,
    RejectionCode,
    SignedOrder,
)
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_booking import Refusal, apply_updates, transition
from live_trading.services.orders.order_proofs import ABSENCE_PROOFS, ABSENCE_SPACING, LONGEST_DELAY
from live_trading.services.orders.order_updates import VenueTruth, plan_update
from live_trading.store.books import ledger
from live_trading.store.database.connection import Database
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from live_trading.store.orders import fills, intents, lt_orders, order_changes
from live_trading.store.orders.intents import BookView, Intent
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.positions import held_positions
from tests.builders import CONDITION, NOON, YES, a_fill, a_market

pytestmark = [pytest.mark.integration, pytest.mark.stateful, pytest.mark.money_faults]

CAPITAL = Usd(10_000)
CAUSES = [Cause.ACCEPTED_MATCHED, Cause.ACCEPTED_DELAYED, Cause.NO_ANSWER, Cause.REFUSED_FOR_NOW]
ENDS = [VenueOrderStatus.MATCHED, VenueOrderStatus.CANCELLED, VenueOrderStatus.EXPIRED]
STATUSES = [VenueOrderStatus.LIVE, VenueOrderStatus.MATCHED, VenueOrderStatus.CANCELLED, VenueOrderStatus.EXPIRED]
FILLS_AN_ORDER = 4


class History(RuleBasedStateMachine):
    """One strategy buys and sells; the venue answers, fills, settles and fails in any order, and repeats itself.

    `told` are the trades of an order that the venue has made; it tells of them when it likes.
    """

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[UUID] = []
        self.told: dict[UUID, dict[str, Fill]] = {}
        self.receipts: dict[str, tuple[int, int, int]] = {}
        self.now = NOON
        self.wallet, self.strategy = strategy_with_capital(self.database)
        self._begin_with_a_position()

    def _begin_with_a_position(self) -> None:
        """125 settled shares, so that there is something to sell."""
        self._intend(Usd(50), OrderType.GTD)
        lt_order_id = self.orders.pop()
        del self.told[lt_order_id]
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            transition(transaction, order, Cause.SENT_TO_VENUE, actor="venue", now=NOON)
        first = a_fill(price="0.40", shares="125", order_hash=order.signed.order_hash)
        name = f"{lt_order_id}:0"
        bought = replace(first, venue_trade_id=name, status=FillStatus.CONFIRMED, transaction_hash=name)
        said = _at_venue(order.signed.order_hash, Side.BUY, VenueOrderStatus.MATCHED, bought.shares)
        self._apply(lt_order_id, VenueTruth(order=said, fills=(bought,), moved={name: bought.moved}))

    @rule(
        dollars=st.integers(min_value=1, max_value=50),
        order_type=st.sampled_from([OrderType.FAK, OrderType.GTD]),
        cause=st.sampled_from([None, *CAUSES]),
        matched=st.integers(min_value=0, max_value=FILLS_AN_ORDER),
    )
    def intend(self, dollars: int, order_type: OrderType, cause: Cause | None, matched: int) -> None:
        """Sent at once for the most part, and answered."""
        lt_order_id = self._intend(Usd(dollars), order_type)
        if cause is not None:
            self._send(lt_order_id, cause, matched)

    def _intend(self, usd: Usd, order_type: OrderType) -> UUID:
        lt_order_id = uuid4()
        with self.database.transaction() as transaction:
            intents.insert(transaction, self._intent(lt_order_id, usd, order_type=order_type), NOON)
            reserved = order_entries.reservation(
                trading_wallet_id=self.wallet,
                lt_strategy_id=self.strategy,
                lt_order_id=lt_order_id,
                amount=usd + Usd(1),
                occurred_at=NOON,
            )
            ledger.post(transaction, reserved, NOON)
        self.orders.append(lt_order_id)
        self.told[lt_order_id] = {}
        return lt_order_id

    @rule(hundredths=st.integers(min_value=1, max_value=100))
    def intend_a_sale(self, hundredths: int) -> None:
        """Of a part of what may be sold, and sent at once; a sale reserves no dollars."""
        lt_order_id = uuid4()
        with self.database.transaction() as transaction:
            held = held_positions.of_strategy(transaction, self.strategy, YES)
            sellable = held[0].sellable.value if held else Decimal(0)
            shares = Shares.floor(sellable * hundredths / 100, Decimal("0.01"))
            if shares < Shares(1):
                return
            intents.insert(transaction, self._intent(lt_order_id, Usd("0.01"), Side.SELL, shares), NOON)
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            transition(transaction, order, Cause.SENT_TO_VENUE, actor="venue", now=NOON)
        self.orders.append(lt_order_id)
        self.told[lt_order_id] = {}

    @rule(data=st.data(), cause=st.sampled_from(CAUSES), matched=st.integers(min_value=0, max_value=FILLS_AN_ORDER))
    def send_and_answer(self, data: st.DataObject, cause: Cause, matched: int) -> None:
        if self.orders:
            self._send(data.draw(st.sampled_from(self.orders)), cause, matched)

    def _send(self, lt_order_id: UUID, cause: Cause, matched: int) -> None:
        """An answer that tells of a match is true: so many of the order's trades are made with it."""
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            if order.state is not OrderState.INTENT:
                return
            transition(transaction, order, Cause.SENT_TO_VENUE, actor="venue", now=NOON)
            (sent,) = lt_orders.locked(transaction, [order.lt_order_id])
            transition(transaction, sent, cause, actor="venue", now=NOON)
            if cause is Cause.ACCEPTED_MATCHED:
                made = [self._make_trade(sent, number, FillStatus.MATCHED) for number in range(1, matched + 1)]
                order_changes.note_answers(transaction, {order.lt_order_id: _answer(made)})

    @rule(data=st.data(), seconds=st.integers(min_value=1, max_value=90), names_some=st.booleans())
    def look_up_without_a_find(self, data: st.DataObject, seconds: int, *, names_some: bool) -> None:
        """The venue does not know the order, and lists some of its trades or none."""
        self.now += timedelta(seconds=seconds)
        lt_order_id = self._one_that_was_sent(data)
        if lt_order_id is not None:
            listed = list(self.told[lt_order_id].values())
            some = data.draw(st.lists(st.sampled_from(listed))) if listed and names_some else []
            self._apply(lt_order_id, VenueTruth(order=None, fills=tuple(some), is_unlisted=True))

    @rule(data=st.data(), status=st.sampled_from(ENDS), states_matched=st.booleans())
    def look_up_an_end_without_quantities(
        self, data: st.DataObject, status: VenueOrderStatus, *, states_matched: bool
    ) -> None:
        """A terminal status with a matched quantity of zero or none, before the trades are listed."""
        lt_order_id = self._one_that_was_sent(data)
        if lt_order_id is None:
            return
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
        empty = _at_venue(order.signed.order_hash, order.side, status, Shares.zero())
        self._apply(lt_order_id, VenueTruth(order=replace(empty, states_matched=states_matched), fills=()))

    @rule(data=st.data(), number=st.integers(min_value=1, max_value=FILLS_AN_ORDER), is_doubled=st.booleans())
    def a_trade_after_the_end(self, data: st.DataObject, number: int, *, is_doubled: bool) -> None:
        """An order that has ended with us, given up as REJECTED or otherwise, has traded all the same."""
        lt_order_id = self._one_in(data, TERMINAL)
        if lt_order_id is None:
            return
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
        late = self._make_trade(order, number, FillStatus.MATCHED)
        self._apply(lt_order_id, VenueTruth(order=None, fills=(late,) * (2 if is_doubled else 1), was_looked_up=False))

    def _one_that_was_sent(self, data: st.DataObject) -> UUID | None:
        return self._one_in(data, frozenset(OrderState) - TERMINAL - {OrderState.INTENT})

    def _one_in(self, data: st.DataObject, states: Collection[OrderState]) -> UUID | None:
        """One of the orders that were sent and are in one of these states."""
        with self.database.transaction() as transaction:
            orders = lt_orders.locked(transaction, self.orders)
        found = [order.lt_order_id for order in orders if order.state in states and order.sent_at is not None]
        return data.draw(st.sampled_from(found)) if found else None

    def _make_trade(self, order: StoredOrder, number: int, status: FillStatus) -> Fill:
        trade = f"{order.lt_order_id}:{number}"
        shares = Shares.floor(order.order_shares.value / FILLS_AN_ORDER, Decimal("0.01"))
        heard = a_fill(side=order.side, price="0.40", shares=str(shares.value), order_hash=order.signed.order_hash)
        shared = f"{order.lt_order_id}:{number // 2}"
        made = replace(heard, venue_trade_id=trade, status=status, transaction_hash=shared)
        self.told[order.lt_order_id][trade] = made
        return made

    @rule(
        data=st.data(),
        number=st.integers(min_value=1, max_value=FILLS_AN_ORDER),
        status=st.sampled_from([FillStatus.CONFIRMED, FillStatus.CONFIRMED, *FillStatus]),
        venue=st.sampled_from(STATUSES),
        is_stale=st.sampled_from([False, False, False, True]),
        is_read=st.sampled_from([True, True, False]),
        is_doubled=st.booleans(),
    )
    def hear_from_the_venue(
        self,
        data: st.DataObject,
        number: int,
        status: FillStatus,
        venue: VenueOrderStatus,
        *,
        is_stale: bool,
        is_read: bool,
        is_doubled: bool,
    ) -> None:
        """A part of the truth: some of the fills, in some state, once, twice or again; a stale answer leaves some out.

        Also of orders that have ended, those given up as REJECTED too. Two trades share a transaction. Receipts can be
        had or not; what they tell is a little off what was expected.
        """
        if not self.orders:
            return
        lt_order_id = data.draw(st.sampled_from(self.orders))
        with self.database.transaction() as transaction:
            (order,) = lt_orders.locked(transaction, [lt_order_id])
            if order.state is OrderState.INTENT:
                return
            self._make_trade(order, number, status)
            known = self.told[lt_order_id]
            parts = () if is_stale else tuple(known.values()) * (2 if is_doubled else 1)
            matched = Shares.of_base_units(sum(fill.shares.base_units for fill in known.values()))
            said = _at_venue(order.signed.order_hash, order.side, venue, matched)
            moved = self._receipts_of(data, parts) if is_read else {}
        self._apply(order.lt_order_id, VenueTruth(order=said, fills=parts, moved=moved))

    def _receipts_of(self, data: st.DataObject, parts: tuple[Fill, ...]) -> dict[str, Moved]:
        """What the transactions of these trades moved, which never changes once it is on the chain."""
        found: dict[str, Moved] = {}
        for fill in parts:
            off = st.integers(min_value=-3, max_value=3)
            transaction_hash = str(fill.transaction_hash)
            usd, shares, fee = self.receipts.setdefault(
                transaction_hash, (data.draw(off), data.draw(off), data.draw(st.integers(min_value=0, max_value=9)))
            )
            found[transaction_hash] = Moved(
                usd=Usd.of_base_units(2 * fill.usd.base_units + usd),
                shares=Shares.of_base_units(2 * fill.shares.base_units + shares),
                fee=Usd.of_base_units(fee),
            )
        return found

    def _apply(self, lt_order_id: UUID, truth: VenueTruth) -> OrderState:
        """Applied twice, as two runs that saw the same answer would."""
        for _ in range(2):
            with self.database.transaction() as transaction:
                (order,) = lt_orders.locked(transaction, [lt_order_id])
                stored = fills.of_orders(transaction, [lt_order_id])[lt_order_id]
                update = plan_update(order, stored, truth, self.now)
                states = apply_updates(transaction, [(order, update)], actor="venue", now=self.now)
                state = states[lt_order_id]
                if update.absent is not None:
                    order_changes.note_lookup(transaction, lt_order_id=lt_order_id, absent=update.absent, now=self.now)
        return state

    def teardown(self) -> None:
        """In the end the venue lists every trade and forgets every order: all is given back that was not spent."""
        for lt_order_id in self.orders:
            with self.database.transaction() as transaction:
                (order,) = lt_orders.locked(transaction, [lt_order_id])
                if order.state is OrderState.INTENT:
                    refusal = Refusal(code=RejectionCode.NOT_PLACED, text="")
                    transition(transaction, order, Cause.NEVER_SENT, actor="venue", now=self.now, refusal=refusal)
                    continue
            for _ in range(ABSENCE_PROOFS + 1):
                self.now += LONGEST_DELAY + ABSENCE_SPACING
                every = tuple(self.told[lt_order_id].values())
                state = self._apply(lt_order_id, VenueTruth(order=None, fills=every, is_unlisted=True))
            assert state in TERMINAL
        with self.database.transaction() as transaction:
            balances = ledger.balances_of_strategy(transaction, self.strategy)
            facts = transaction.only(_FACTS, strategy=self.strategy)
        got = facts["sold"] - facts["sold_fees"] - facts["unsettled"]
        spent = facts["bought"] + facts["fees"] - facts["sold_fees"]
        assert balances.reserved == Usd.zero()
        assert balances.available == CAPITAL - Usd(spent) + Usd(got)

    @invariant()
    def the_books_add_up(self) -> None:
        with self.database.transaction() as transaction:
            balances = ledger.balances_of_strategy(transaction, self.strategy)
            facts = transaction.only(_FACTS, strategy=self.strategy)
        assert balances.reserved == Usd(facts["still_reserved"])
        assert not balances.reserved.is_negative
        assert not balances.available.is_negative
        assert balances.position_cost == Usd(facts["bought"] - facts["sold"]) + balances.realised_pnl
        assert balances.unsettled == Usd(facts["unsettled"])
        assert balances.fees == Usd(facts["fees"])
        assert facts["booked_shares"] == facts["shares"]
        assert facts["off"] == 0
        assert balances.equity + balances.fees - balances.realised_pnl == CAPITAL

    def _intent(
        self,
        lt_order_id: UUID,
        usd: Usd,
        side: Side = Side.BUY,
        shares: Shares | None = None,
        order_type: OrderType = OrderType.GTD,
    ) -> Intent:
        shares = shares or Shares.floor(usd.value / Decimal("0.40"), Decimal("0.0001"))
        return Intent(
            lt_order_id=lt_order_id,
            lt_strategy_id=self.strategy,
            trading_wallet_id=self.wallet,
            decision_id=None,
            source_trade_id=None,
            purpose=Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
            attempt=1,
            plan=OrderPlan(
                token_id=YES,
                condition_id=CONDITION,
                version=ProtocolVersion.V1,
                outcome_index=0,
                side=side,
                order_type=order_type,
                limit_price=Price("0.40"),
                usd=usd,
                shares=shares,
                fee_bound=Usd(1) if side is Side.BUY else Usd.zero(),
                neg_risk=False,
                tick_size=Price("0.01"),
            ),
            signed=SignedOrder(order_hash=f"0x{lt_order_id.int:064x}", payload={}),
            signal_price=Price("0.40"),
            signal_size=usd,
            book=BookView(best_bid=None, best_ask=None, midpoint=None, book_hash=None, depth=Usd.zero()),
            trade_time=NOON,
            seen_at=NOON,
            decided_at=NOON,
        )


# A reservation stands until its order ends; then what lasting fills did not use has come back.
_FACTS = """
SELECT
    coalesce(sum(filled.usd) FILTER (WHERE intent.side = 'BUY'), 0) AS bought,
    coalesce(sum(filled.usd) FILTER (WHERE intent.side = 'SELL'), 0) AS sold,
    coalesce(sum(filled.unsettled) FILTER (WHERE intent.side = 'SELL'), 0) AS unsettled,
    coalesce(sum(filled.fee), 0) AS fees,
    coalesce(sum(filled.fee) FILTER (WHERE intent.side = 'SELL'), 0) AS sold_fees,
    coalesce(sum(CASE intent.side WHEN 'BUY' THEN filled.shares ELSE -filled.shares END), 0) AS shares,
    (
        SELECT coalesce(sum(shares), 0) FROM ledger_entries
        WHERE lt_strategy_id = :strategy AND account = 'POSITION_COST'
    ) AS booked_shares,
    (
        SELECT count(*) FROM fills
        WHERE lt_strategy_id = :strategy AND (status = 'CONFIRMED') <> (receipt_read_at IS NOT NULL)
    ) AS off,
    coalesce(
        sum(greatest(intent.reserved_usd - filled.usd - filled.fee, 0))
        FILTER (WHERE intent.finished_at IS NULL AND intent.side = 'BUY'), 0
    ) AS still_reserved
FROM lt_orders AS intent
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(cost_usd), 0) AS usd, coalesce(sum(fee_usd), 0) AS fee, coalesce(sum(shares), 0) AS shares,
        coalesce(sum(cost_usd - fee_usd) FILTER (WHERE status <> 'CONFIRMED'), 0) AS unsettled
    FROM fills
    WHERE fills.lt_order_id = intent.lt_order_id AND fills.status <> 'FAILED'
) AS filled
WHERE intent.lt_strategy_id = :strategy
"""


def _answer(made: list[Fill]) -> PostAnswer:
    return PostAnswer(
        status=AcceptedStatus.MATCHED,
        usd=Usd.of_base_units(sum(fill.usd.base_units for fill in made)),
        shares=Shares.of_base_units(sum(fill.shares.base_units for fill in made)),
        trade_ids=tuple(fill.venue_trade_id for fill in made),
        transaction_hashes=(),
    )


def _at_venue(order_hash: str, side: Side, status: VenueOrderStatus, matched: Shares) -> VenueOrder:
    return VenueOrder(
        order_hash=order_hash,
        status=status,
        raw_status=status,
        condition_id=CONDITION,
        token_id=YES,
        side=side,
        price=Price("0.40"),
        matched=matched,
    )


def strategy_with_capital(database: Database) -> tuple[UUID, UUID]:
    """A wallet and a strategy of their own, with the capital that the books start from."""
    wallet, paper, strategy = uuid4(), uuid4(), uuid4()
    rows: list[tuple[str, dict[str, Any]]] = [
        ("INSERT INTO trading_wallets VALUES (:id, 'o', :name, :address, 0, 's', 0, :now)", {"id": wallet}),
        ("INSERT INTO ft_wallets VALUES (:id, 'o', :name, TRUE, 1000, 1, :now, :now)", {"id": paper}),
        ("INSERT INTO ft_wallet_versions VALUES (:id, 1, '{}'::jsonb, :hash, 'o', :now)", {"id": paper}),
        (
            """
            INSERT INTO lt_strategies VALUES (
                :id, 'o', :name, :paper, :wallet, TRUE, 10000, 'GTD', 0.05, 600, 'UTC', :now, :now, :now
            )
            """,
            {"id": strategy, "paper": paper, "wallet": wallet},
        ),
    ]
    with database.transaction() as transaction:
        for sql, values in rows:
            wanted = {"name": wallet.hex, "address": f"0x{wallet.hex:0>40}", "hash": "0" * 64, "now": NOON, **values}
            transaction.execute(sql, **{name: value for name, value in wanted.items() if f":{name}" in sql})
        markets.save(transaction, [SeenMarket(market=a_market(), resolution_hint=ResolutionState.OPEN)], NOON)
        ledger.post(
            transaction,
            capital_entries.opening_deposit(trading_wallet_id=wallet, amount=CAPITAL, occurred_at=NOON),
            NOON,
        )
        given = capital_entries.allocation(
            trading_wallet_id=wallet, lt_strategy_id=strategy, amount=CAPITAL, occurred_at=NOON
        )
        ledger.post(transaction, given, NOON)
    return wallet, strategy


def test_no_history_of_orders_and_fills_unbalances_the_books(database: Database) -> None:
    machine = type("HistoryOnPostgres", (History,), {"database": database})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
