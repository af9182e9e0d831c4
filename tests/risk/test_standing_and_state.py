"""How a strategy stands: high-water mark, losses in a row, what a release changes, and a state that can be rebuilt."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_trading.api.once import Caller
from live_trading.api.routes.live.lock_routes import LocksApi, ReleaseLock
from live_trading.nouns.decisions import Reason
from live_trading.nouns.locks import LockReason
from live_trading.nouns.money import Price, Usd
from live_trading.risk.gate import check_entry
from live_trading.risk.results import RuleResult, RuleVerdict
from live_trading.store.risk import observations, risk_state
from tests.builders import a_proposal
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]

OWNER = Caller(owner_id="owner", idempotency_key=None, request_hash="")


class DeskClock:
    """The desk's clock as the product reads it."""

    def __init__(self, desk: RiskDesk) -> None:
        self._desk = desk

    def now(self) -> Any:
        return self._desk.now


def mark(desk: RiskDesk, seat: Seat, price: str, *, market: int = 0) -> None:
    with desk.database.transaction() as transaction:
        observations.save_marks(
            transaction,
            seat.strategy.trading_wallet_id,
            {desk.market(market).token_ids[0]: Price(price)},
            desk.now,
        )


def release(desk: RiskDesk, reason: LockReason) -> None:
    (lock,) = [lock for lock in desk.locks() if lock.reason is reason]
    api = LocksApi(database=desk.database, clock=DeskClock(desk))
    assert api.release(OWNER, lock.lock_id, ReleaseLock(reason="looked at it")).status == 200


def test_a_position_without_a_mark_is_worth_its_cost_and_with_one_what_the_bids_pay(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "100")
    assert risk_desk.standing(seat).marked_equity == Usd(1000)

    mark(risk_desk, seat, "0.40")
    assert risk_desk.standing(seat).marked_equity == Usd(980)
    assert risk_desk.standing(seat).drawdown == Decimal("0.02")


def test_equity_rises_with_wins_and_falls_with_losses(risk_desk: RiskDesk) -> None:
    """The old system took each stake from equity when it opened a position and never gave it back."""
    seat = risk_desk.add_strategy()
    won, lost = risk_desk.bought(seat, "50"), risk_desk.bought(seat, "40", market=1)
    assert risk_desk.standing(seat).marked_equity == Usd(1000)

    risk_desk.resolve(seat, won, "100")
    risk_desk.resolve(seat, lost, "0")

    assert risk_desk.standing(seat).marked_equity == Usd(1010)


def test_the_high_water_mark_is_the_highest_that_was_ever_seen(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_drawdown_fraction=Decimal("0.1"))
    risk_desk.bought(seat, "100")
    for price in ("0.50", "0.90", "0.60"):
        risk_desk.now += timedelta(minutes=2)
        mark(risk_desk, seat, price)
        row = risk_desk.project(seat)

    assert (row["peak_equity_usd"], row["marked_equity_usd"]) == (1080, 1020)
    assert row["drawdown_fraction"] == Decimal("0.055555")


def test_drawdown_trips_on_marks_and_neither_the_day_s_turn_nor_a_win_releases_it(risk_desk: RiskDesk) -> None:
    """A later win cleared the old system's breaker silently, and so did midnight."""
    seat = risk_desk.add_strategy(max_drawdown_fraction=Decimal("0.07"))
    order = risk_desk.bought(seat, "100")
    mark(risk_desk, seat, "0.15")
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.RISK_TRIPPED

    risk_desk.now += timedelta(days=1)
    risk_desk.resolve(seat, order, "200")

    assert risk_desk.standing(seat).drawdown == 0
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.ENTRIES_LOCKED


def test_releasing_a_drawdown_by_hand_counts_on_from_there_and_keeps_the_history(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_drawdown_fraction=Decimal("0.07"))
    risk_desk.bought(seat, "100")
    mark(risk_desk, seat, "0.15")
    risk_desk.project(seat)
    risk_desk.enter(seat, "5", market=1)
    risk_desk.now += timedelta(minutes=1)

    release(risk_desk, LockReason.DRAWDOWN)

    assert risk_desk.standing(seat).high_water == Usd(930)
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.ACCEPTED
    mark(risk_desk, seat, "0.00")
    assert risk_desk.standing(seat).drawdown == Decimal("0.032258")
    assert len(risk_desk.rows("SELECT 1 FROM equity_snapshots")) == 2


def test_losses_in_a_row_are_positions_and_a_release_resets_the_run_and_not_the_history(risk_desk: RiskDesk) -> None:
    """Incident: a manual resume left the old counter, which paused again at once."""
    seat = risk_desk.add_strategy(max_consecutive_losses=3)
    for number, payout in enumerate(("0", "20", "0", "0", "0")):
        risk_desk.now += timedelta(minutes=1)
        risk_desk.resolve(seat, risk_desk.bought(seat, "5", market=number), payout)
    assert risk_desk.standing(seat).loss_run == 3
    assert risk_desk.enter(seat, "5", market=6).reason is Reason.RISK_TRIPPED
    risk_desk.now += timedelta(minutes=1)

    release(risk_desk, LockReason.CONSECUTIVE_LOSSES)

    assert risk_desk.standing(seat).loss_run == 0
    assert risk_desk.enter(seat, "5", market=6).reason is Reason.ACCEPTED
    assert risk_desk.rows("SELECT count(*) AS lost FROM lt_orders WHERE outcome = 'LOST'") == [{"lost": 4}]


def test_two_orders_of_one_losing_position_are_one_loss(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    first, second = risk_desk.bought(seat, "5"), risk_desk.bought(seat, "7")
    for order in (first, second):
        risk_desk.change(
            "UPDATE lt_orders SET outcome = 'LOST', pnl_usd = -5, resolved_at = :now WHERE lt_order_id = :id",
            now=risk_desk.now,
            id=order,
        )

    assert risk_desk.standing(seat).loss_run == 1


def test_capital_that_comes_and_goes_is_no_profit_and_no_drawdown(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "100")
    mark(risk_desk, seat, "0.40")
    before = risk_desk.project(seat)
    with risk_desk.database.transaction() as transaction:
        row = transaction.only(
            "INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at) "
            "VALUES ('more', 'ALLOCATION', :now, :now) RETURNING ledger_transaction_id AS id",
            now=risk_desk.now,
        )
        for account, strategy, amount in (("UNALLOCATED", None, -500), ("CASH", seat.strategy.lt_strategy_id, 500)):
            transaction.execute(
                "INSERT INTO ledger_entries "
                "(ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, amount_usd) "
                "VALUES (:id, :wallet, :strategy, :account, :amount)",
                id=row["id"],
                wallet=seat.strategy.trading_wallet_id,
                strategy=strategy,
                account=account,
                amount=amount,
            )
    risk_desk.now += timedelta(minutes=2)
    after = risk_desk.project(seat)

    assert (before["peak_equity_usd"], after["peak_equity_usd"]) == (1000, 1500)
    assert after["marked_equity_usd"] == 1480
    assert risk_desk.standing(seat).capital == Usd(1500)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "fill", "part", "sell", "win", "lose", "mark", "project", "wait"]),
        st.integers(0, 3),
        st.integers(1, 60),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_state_is_the_same_whether_it_was_kept_up_or_is_rebuilt_at_the_end(
    risk_desk: RiskDesk, steps: list[tuple[str, int, int]]
) -> None:
    """Snapshots are observations and stay; everything else of the row goes and comes back from the books.

    But for `computed_at`, which says since when the row has said what it says.
    """
    seat = risk_desk.add_strategy()
    play(risk_desk, seat, steps)
    kept = risk_desk.project(seat)

    risk_desk.change("DELETE FROM lt_risk_state")
    rebuilt = risk_desk.project(seat)

    assert rebuilt | {"computed_at": None} == kept | {"computed_at": None}
    seen = by_hand(risk_desk, seat)
    assert {name: kept[name] for name in seen} == seen


LIMITS = st.fixed_dictionaries(
    {
        "shrink_to_fit": st.booleans(),
        "daily_budget_usd": st.none() | st.integers(20, 200),
        "max_order_usd": st.none() | st.integers(5, 60),
        "max_position_usd": st.none() | st.integers(10, 80),
        "max_total_exposure_usd": st.none() | st.integers(20, 200),
        "max_market_exposure_usd": st.none() | st.integers(10, 80),
        "max_concurrent_positions": st.none() | st.integers(1, 3),
        "daily_loss_limit_usd": st.none() | st.integers(5, 60),
        "max_drawdown_fraction": st.none() | st.sampled_from([Decimal("0.01"), Decimal("0.05")]),
        "max_consecutive_losses": st.none() | st.integers(1, 3),
        "min_liquidity_multiple": st.none() | st.sampled_from([Decimal(2), Decimal(10**3)]),
    }
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, limits=LIMITS, stake=st.integers(3, 120), market=st.integers(0, 3))
def test_the_gate_says_what_the_pure_rules_say_of_the_committed_state(
    risk_desk: RiskDesk, steps: list[tuple[str, int, int]], limits: dict[str, Any], stake: int, market: int
) -> None:
    seat = risk_desk.add_strategy(**limits)
    play(risk_desk, seat, steps)
    if risk_desk.locks_of(seat):
        return
    proposal = a_proposal(
        reservation=Usd(stake),
        stake=Usd(stake),
        limit_price=Price("0.55"),
        signal_price=Price("0.50"),
        signal_age=timedelta(seconds=30),
        best_bid=Price("0.49"),
        best_ask=Price("0.50"),
        expected_price=Decimal("0.50"),
        depth=Usd(50_000),
    )
    pure = check_entry(seat.strategy.rules, proposal, risk_desk.snapshot(seat, market=market))

    entered = risk_desk.enter(seat, str(stake), market=market)

    if pure.shrink_to is None:
        assert entered.reason is EXPECTED[pure.worst]
        assert risk_desk.verdicts() == [as_stored(result) for result in pure.results]
    else:
        assert entered.reason in (Reason.ACCEPTED, Reason.BELOW_MINIMUM_ORDER)
        assert entered.reserved <= pure.shrink_to
        cuts = [as_stored(result) for result in pure.results if result.verdict is RuleVerdict.SHRINK]
        final = risk_desk.verdicts()[len(cuts) :]
        assert risk_desk.verdicts()[: len(cuts)] == cuts
        assert {each["verdict"] for each in final} <= {"PASS"}


EXPECTED = {
    RuleVerdict.PASS: Reason.ACCEPTED,
    RuleVerdict.REJECT: Reason.RISK_REJECTED,
    RuleVerdict.TRIP: Reason.RISK_TRIPPED,
    RuleVerdict.NO_DATA: Reason.RISK_NO_DATA,
}


def as_stored(result: RuleResult) -> dict[str, Any]:
    return {
        "rule": result.rule,
        "observed": result.observed,
        "limit": result.limit,
        "verdict": result.verdict,
    }


def play(desk: RiskDesk, seat: Seat, steps: list[tuple[str, int, int]]) -> None:
    """A random life: each step does what it can in that market, and nothing where there is nothing to do it with."""
    open_orders: dict[int, list[Any]] = {}
    held: dict[int, list[Any]] = {}
    for what, market, amount in steps:
        desk.now += timedelta(minutes=amount)
        if what == "enter":
            entered = desk.enter(seat, str(amount), market=market)
            if entered.lt_order_id is not None:
                open_orders.setdefault(market, []).append(entered.lt_order_id)
        elif what in ("fill", "part") and open_orders.get(market):
            order = open_orders[market].pop()
            desk.fill(order, "1" if what == "fill" else "0.5")
            held.setdefault(market, []).append(order)
        elif what == "sell" and held.get(market):
            desk.sell(seat, "1", "0.3", market=market)
        elif what in ("win", "lose") and len(held.get(market, ())) == 1 and not open_orders.get(market):
            order = held.pop(market)[0]
            desk.resolve(seat, order, str(amount) if what == "win" else "0")
        elif what == "mark":
            mark(desk, seat, f"0.{amount:02d}", market=market)
        elif what == "project":
            desk.project(seat)


def by_hand(desk: RiskDesk, seat: Seat) -> dict[str, Any]:
    """The same figures another way: sums over plain rows in Python."""
    strategy = seat.strategy.lt_strategy_id
    entries = desk.rows(
        "SELECT account, amount_usd, token_id, shares, occurred_at "
        "FROM ledger_entries INNER JOIN ledger_transactions USING (ledger_transaction_id) "
        f"WHERE lt_strategy_id = '{strategy}'"
    )
    wallet = seat.strategy.trading_wallet_id
    found = desk.rows(f"SELECT token_id, bid_price FROM position_marks WHERE trading_wallet_id = '{wallet}'")
    marks = {row["token_id"]: row["bid_price"] for row in found}
    midnight = desk.now.replace(hour=0, minute=0, second=0, microsecond=0)

    def total(*accounts: str) -> Decimal:
        return sum((row["amount_usd"] for row in entries if row["account"] in accounts), Decimal(0))

    positions: dict[str, tuple[Decimal, Decimal]] = {}
    for row in entries:
        if row["account"] == "POSITION_COST":
            cost, shares = positions.get(row["token_id"], (Decimal(0), Decimal(0)))
            positions[row["token_id"]] = (cost + row["amount_usd"], shares + row["shares"])
    gain = Decimal(0)
    for token, (cost, shares) in positions.items():
        if shares and token in marks:
            gain += Usd.floor(shares * marks[token]).value - cost
    orders = desk.rows(f"SELECT token_id, state FROM lt_orders WHERE lt_strategy_id = '{strategy}'")
    waiting = {row["token_id"] for row in orders if row["state"] not in ("FILLED", "CANCELLED", "EXPIRED", "REJECTED")}
    equity = total("CASH", "RESERVED", "UNSETTLED", "POSITION_COST", "PENDING_REDEMPTION")
    return {
        "equity_usd": equity,
        "marked_equity_usd": equity + gain,
        "available_usd": total("CASH"),
        "reserved_usd": total("RESERVED"),
        "exposure_usd": total("RESERVED", "POSITION_COST"),
        "open_positions": len({token for token, (_, shares) in positions.items() if shares} | waiting),
        "daily_profit_usd": -sum(
            (
                row["amount_usd"]
                for row in entries
                if row["account"] in ("REALISED_PNL", "FEES") and row["occurred_at"] >= midnight
            ),
            Decimal(0),
        ),
    }


@pytest.mark.money_faults
def test_the_days_loss_at_marks_counts_what_is_held_and_starts_anew_with_the_day(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_marked_daily_loss_usd=15)
    risk_desk.bought(seat, "50")
    mark(risk_desk, seat, "0.40")
    assert risk_desk.snapshot(seat).profit_today == Usd(0)
    assert risk_desk.standing(seat).marked_profit_today == Usd(-10)
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.ACCEPTED

    mark(risk_desk, seat, "0.35")
    assert risk_desk.enter(seat, "5", market=2).reason is Reason.RISK_REJECTED
    with risk_desk.database.transaction() as transaction:
        risk_state.project(transaction, seat.strategy, risk_desk.now)

    risk_desk.now += timedelta(days=1)
    assert risk_desk.standing(seat).marked_profit_today == Usd(0)
    assert risk_desk.enter(seat, "5", market=2).reason is Reason.ACCEPTED
    mark(risk_desk, seat, "0.45")
    assert risk_desk.standing(seat).marked_profit_today == Usd(10)
