"""What makes a position be left, checked by hand on small books, and what may never happen on any."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from live_trading.exits.decide import after_exit, decide
from live_trading.nouns.exits import (
    Exit,
    ExitDecision,
    ExitReason,
    ExitRules,
    ExitWatch,
    HoldReason,
    ThinBookPolicy,
)
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Price, Shares
from tests.unit.exits.exit_builders import NOON, a_book, a_position, at_once, books, fractions, sizes

pytestmark = pytest.mark.exits

FRESH = ExitWatch()


def looked(
    rules: ExitRules, *looks: OrderBook | None, step: timedelta = timedelta(minutes=2), **position: object
) -> list[ExitDecision]:
    """The decisions of looks one after another, each remembering the one before."""
    watch, found = FRESH, []
    for number, book in enumerate(looks):
        decision = decide(a_position(**position), book, rules, watch, NOON + step * (number + 1))  # type: ignore[arg-type]
        found.append(decision)
        watch = after_exit(decision)
    return found


def test_a_stop_looks_at_what_the_whole_size_would_fetch_and_not_at_the_best_bid() -> None:
    # Bought at 0.50. The best bid is 0.48; 100 shares would fetch (10 x 0.48 + 90 x 0.40) / 100 = 0.408.
    book = a_book(("0.48", "10"), ("0.40", "200"))

    (decision,) = looked(at_once(stop_loss_fraction=Decimal("0.15")), book)

    assert decision.executable == Price("0.408")
    assert decision.exit == Exit(
        # Two hundredths under the 0.40 that the last of them needs.
        reason=ExitReason.STOP_LOSS,
        shares=Shares(100),
        limit=Price("0.392"),
    )


def test_take_profit_at_a_fraction_or_at_a_price_whichever_is_lower() -> None:
    rules = at_once(take_profit_fraction=Decimal("0.5"), take_profit_price=Price("0.70"))

    below, above = looked(rules, a_book(("0.69", "100")), a_book(("0.70", "100")))

    assert (below.exit, below.hold) == (None, HoldReason.NOT_TRIGGERED)
    assert above.exit is not None
    assert above.exit.reason is ExitReason.TAKE_PROFIT


def test_a_trailing_stop_follows_the_best_executable_price_up_and_never_down() -> None:
    rules = at_once(trailing_stop_fraction=Decimal("0.1"))
    prices = ("0.50", "0.80", "0.75", "0.73", "0.72")

    decisions = looked(rules, *(a_book((price, "100")) for price in prices))

    assert [each.exit is not None for each in decisions] == [False, False, False, False, True]
    assert decisions[-1].watch.best == Price("0.80")


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (ExitRules(max_hold=timedelta(minutes=2)), ExitReason.TIME_STOP),
        (ExitRules(leave_before_end=timedelta(minutes=30)), ExitReason.MARKET_ENDS),
    ],
)
def test_the_clock_needs_no_second_look(rules: ExitRules, reason: ExitReason) -> None:
    (decision,) = looked(rules, a_book(("0.5", "100")), ends_in=32)

    assert decision.exit is not None
    assert decision.exit.reason is reason


def test_a_market_without_a_stated_end_is_not_left_for_its_end() -> None:
    (decision,) = looked(ExitRules(leave_before_end=timedelta(minutes=30)), a_book(("0.5", "100")))

    assert decision.hold is HoldReason.NOT_TRIGGERED


def test_the_traders_sale_sells_its_part_of_what_can_be_sold() -> None:
    rules = ExitRules(follow_trader=True)

    (part,) = looked(rules, a_book(("0.5", "100")), due="40")
    (most,) = looked(rules, a_book(("0.5", "100")), due="40", sellable="25")
    (unfollowed,) = looked(ExitRules(), a_book(("0.5", "100")), due="40")

    assert (part.exit and part.exit.shares, part.exit and part.exit.reason) == (Shares(40), ExitReason.TRADER_SOLD)
    assert most.exit is not None
    assert most.exit.shares == Shares(25)
    assert unfollowed.exit is None


def test_a_dip_of_one_look_sells_nothing_and_the_count_starts_anew() -> None:
    rules = ExitRules(stop_loss_fraction=Decimal("0.2"))
    low, high = a_book(("0.30", "100")), a_book(("0.50", "100"))

    decisions = looked(rules, low, high, low, low)

    assert [each.hold for each in decisions] == [
        HoldReason.CONFIRMING,
        HoldReason.NOT_TRIGGERED,
        HoldReason.CONFIRMING,
        None,
    ]


def test_a_trigger_that_lasts_long_enough_needs_no_more_looks() -> None:
    rules = ExitRules(stop_loss_fraction=Decimal("0.2"), trigger_observations=99, trigger_after=timedelta(minutes=3))

    decisions = looked(rules, *[a_book(("0.30", "100"))] * 3)

    assert [each.exit is not None for each in decisions] == [False, False, True]


def test_a_wide_spread_stops_a_value_trigger_and_no_other() -> None:
    book = a_book(("0.20", "100"), asks=(("0.60", "10"),))
    most = Decimal("0.5")

    (value,) = looked(at_once(stop_loss_fraction=Decimal("0.2"), max_spread_fraction=most), book)
    (clock,) = looked(at_once(max_hold=timedelta(0), max_spread_fraction=most), book)

    assert value.hold is HoldReason.SPREAD_TOO_WIDE
    assert clock.exit is not None


def test_a_book_that_is_away_or_empty_or_thin_each_has_its_reason() -> None:
    rules = at_once(stop_loss_fraction=Decimal("0.2"))
    timed = at_once(max_hold=timedelta(0))

    assert looked(rules, None)[0].hold is HoldReason.BOOK_UNAVAILABLE
    assert looked(rules, a_book())[0].hold is HoldReason.NOT_TRIGGERED
    assert looked(timed, a_book())[0].hold is HoldReason.BOOK_EMPTY
    assert looked(rules, a_book(("0.30", "99")))[0].hold is HoldReason.BOOK_THIN
    assert looked(rules, a_book(("0.30", "100")), a_book())[1].hold is HoldReason.BOOK_EMPTY


def test_a_thin_book_is_waited_for_taken_or_left_as_configured() -> None:
    book, stop = a_book(("0.30", "60")), {"stop_loss_fraction": Decimal("0.2")}

    (taken,) = looked(at_once(thin_book=ThinBookPolicy.TAKE, **stop), book)
    (held,) = looked(at_once(thin_book=ThinBookPolicy.HOLD, **stop), book)

    assert taken.exit is not None
    assert taken.exit.shares == Shares(60)
    assert held.hold is HoldReason.HELD_TO_RESOLUTION


def test_an_exit_that_does_not_fill_asks_for_less_each_time_and_never_goes_under_its_floor() -> None:
    rules = at_once(
        stop_loss_fraction=Decimal("0.2"), limit_step_fraction=Decimal("0.05"), floor_fraction=Decimal("0.1")
    )
    book = a_book(("0.40", "100"))

    decisions = looked(rules, book, book, book, a_book(("0.35", "100")))

    placed = [each.exit for each in decisions[:3] if each.exit is not None]
    assert [each.limit for each in placed] == [Price("0.392"), Price("0.372"), Price("0.36")]
    assert decisions[3].hold is HoldReason.BELOW_FLOOR


def test_an_exit_for_the_clock_keeps_the_floor_of_its_first_try() -> None:
    rules = at_once(max_hold=timedelta(0), floor_fraction=Decimal("0.1"))

    decisions = looked(rules, a_book(("0.50", "100")), a_book(("0.46", "100")), a_book(("0.44", "100")))

    assert [each.exit and each.exit.limit for each in decisions] == [Price("0.49"), Price("0.45"), None]
    assert decisions[2].hold is HoldReason.BELOW_FLOOR


def test_what_is_not_settled_is_not_sold() -> None:
    (decision,) = looked(at_once(stop_loss_fraction=Decimal("0.2")), a_book(("0.1", "100")), sellable="0")

    assert decision.hold is HoldReason.NOTHING_SELLABLE


rules_of_all_kinds = st.builds(
    ExitRules,
    stop_loss_fraction=st.none() | fractions,
    take_profit_fraction=st.none() | fractions,
    trailing_stop_fraction=st.none() | fractions,
    max_hold=st.none() | st.integers(min_value=0, max_value=30).map(lambda each: timedelta(minutes=each)),
    follow_trader=st.booleans(),
    trigger_observations=st.integers(min_value=1, max_value=3),
    max_spread_fraction=st.none() | fractions,
    thin_book=st.sampled_from(ThinBookPolicy),
)


@given(rules=rules_of_all_kinds, looks=st.lists(books, min_size=1, max_size=6), shares=sizes, due=sizes)
def test_no_exit_is_larger_than_what_can_be_sold_and_its_limit_is_never_under_the_floor(
    rules: ExitRules, looks: list[OrderBook], shares: Decimal, due: Decimal
) -> None:
    sellable = shares / 2
    for decision in looked(rules, *looks, shares=str(shares), due=str(due), sellable=str(Shares.floor(sellable))):
        assert (decision.exit is None) != (decision.hold is None)
        if decision.exit is not None:
            assert Shares(0) < decision.exit.shares <= Shares.floor(sellable)
            assert decision.executable is not None
            first = decision.watch.first_seen_at or decision.watch.placed_from or decision.executable
            assert decision.exit.limit.value >= min(first.value, decision.executable.value) * (1 - rules.floor_fraction)


@given(
    shallow=fractions,
    deeper=fractions,
    looks=st.lists(books, min_size=1, max_size=6),
    trailing=st.booleans(),
)
def test_a_deeper_stop_never_fires_earlier(
    shallow: Decimal, deeper: Decimal, looks: list[OrderBook], trailing: bool
) -> None:
    assume(shallow < deeper)
    name = "trailing_stop_fraction" if trailing else "stop_loss_fraction"

    def first(fraction: Decimal) -> int:
        fired = [each.watch.trigger is not None for each in looked(at_once(**{name: fraction}), *looks)]
        return fired.index(True) if True in fired else len(fired)

    assert first(shallow) <= first(deeper)


@given(rules=rules_of_all_kinds, looks=st.lists(books, min_size=1, max_size=6))
def test_the_same_looks_give_the_same_exits(rules: ExitRules, looks: list[OrderBook]) -> None:
    assert looked(rules, *looks, due="7") == looked(rules, *looks, due="7")


def test_without_rules_nothing_is_ever_sold() -> None:
    for decision in looked(ExitRules(), a_book(("0.01", "100")), a_book(("0.99", "100")), due="100", ends_in=-5):
        assert decision.hold is HoldReason.NOT_TRIGGERED
