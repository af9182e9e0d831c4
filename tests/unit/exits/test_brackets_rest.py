"""When a take-profit rests at the venue, at what price, and what takes it away."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.exits.bracket import (
    Cancel,
    CancelReason,
    Keep,
    Nothing,
    Place,
    RestingBracket,
    Venue,
    bracket_step,
)
from live_trading.nouns.exits import Exit, ExitDecision, ExitReason, ExitRules, ExitWatch, HoldReason
from live_trading.nouns.money import Price, Shares
from live_trading.orders.rounding import GTD_VALID_FOR
from live_trading.signals.config import parse_config
from live_trading.signals.config_errors import InvalidConfig
from tests.unit.exits.exit_builders import NOON, a_position, fractions, prices, sizes

pytestmark = pytest.mark.exits

RULES = ExitRules(take_profit_fraction=Decimal("0.105"), bracket_take_profit=True)
VENUE = Venue(tick=Price("0.01"), minimum=Shares(5), best_bid=Price("0.5"))
QUIET = ExitDecision(exit=None, hold=HoldReason.NOT_TRIGGERED, watch=ExitWatch(), executable=None)
ID = UUID(int=1)


def wanting(reason: ExitReason) -> ExitDecision:
    sale = Exit(reason=reason, shares=Shares(10), limit=Price("0.4"))
    return ExitDecision(exit=sale, hold=None, watch=ExitWatch(), executable=Price("0.4"))


def at(limit: str) -> RestingBracket:
    return RestingBracket(lt_order_id=ID, limit=Price(limit), rest=Shares(100))


def test_what_is_sellable_rests_at_the_level_rounded_up_and_for_a_stated_time() -> None:
    step = bracket_step(a_position(sellable="60"), RULES, QUIET, VENUE, None, NOON, may_rest=True)

    assert step == Place(limit=Price("0.56"), shares=Shares(60), expires_at=NOON + GTD_VALID_FOR)


def test_a_bracket_at_its_level_is_kept_and_a_take_profit_is_left_to_it() -> None:
    for decision in (QUIET, wanting(ExitReason.TAKE_PROFIT)):
        step = bracket_step(a_position(sellable="0"), RULES, decision, VENUE, at("0.56"), NOON, may_rest=True)
        assert step == Keep()


@pytest.mark.parametrize("reason", [each for each in ExitReason if each is not ExitReason.TAKE_PROFIT])
def test_every_other_exit_takes_the_bracket_away_first(reason: ExitReason) -> None:
    step = bracket_step(a_position(), RULES, wanting(reason), VENUE, at("0.56"), NOON, may_rest=True)

    assert step == Cancel(CancelReason.OTHER_EXIT)


def test_a_bracket_ends_with_its_rule_its_level_and_a_lock() -> None:
    def step(rules: ExitRules = RULES, limit: str = "0.56", *, may_rest: bool = True) -> object:
        return bracket_step(a_position(), rules, QUIET, VENUE, at(limit), NOON, may_rest=may_rest)

    assert step(ExitRules(take_profit_fraction=Decimal("0.105"))) == Cancel(CancelReason.SWITCHED_OFF)
    assert step(limit="0.55") == Cancel(CancelReason.LEVEL_MOVED)
    assert step(limit="0.57") == Cancel(CancelReason.LEVEL_MOVED)
    assert step(may_rest=False) == Cancel(CancelReason.STOPPED)


def test_nothing_rests_where_it_is_too_small_or_marketable_or_a_rule_has_fired() -> None:
    def step(sellable: str = "100", bid: str = "0.5", decision: ExitDecision = QUIET, ends_in: int = 5) -> object:
        venue = Venue(tick=Price("0.01"), minimum=Shares(5), best_bid=Price(bid))
        position = a_position(sellable=sellable, ends_in=ends_in)
        return bracket_step(position, RULES, decision, venue, None, NOON, may_rest=True)

    assert isinstance(step(), Place)
    assert step(sellable="4.99") == Nothing()
    assert step(bid="0.56") == Nothing()
    assert step(decision=wanting(ExitReason.TAKE_PROFIT)) == Nothing()
    assert step(decision=wanting(ExitReason.STOP_LOSS)) == Nothing()
    assert step(ends_in=0) == Nothing()


def test_a_level_above_the_grid_rests_nowhere() -> None:
    rules = ExitRules(take_profit_fraction=Decimal(1), bracket_take_profit=True)

    assert bracket_step(a_position(), rules, QUIET, VENUE, None, NOON, may_rest=True) == Nothing()


@given(fractions, prices, sizes, st.sampled_from(["0.1", "0.01", "0.001"]), prices, st.booleans())
def test_what_is_placed_is_sellable_above_the_bid_and_never_under_the_level(
    fraction: Decimal, paid: Decimal, sellable: Decimal, tick: str, bid: Decimal, may_rest: bool
) -> None:
    rules = ExitRules(take_profit_fraction=fraction, bracket_take_profit=True)
    position = a_position(shares="1000", paid=str(paid * 1000), sellable=str(sellable))
    venue = Venue(tick=Price(tick), minimum=Shares(5), best_bid=Price(bid))

    step = bracket_step(position, rules, QUIET, venue, None, NOON, may_rest=may_rest)

    if isinstance(step, Place):
        assert may_rest
        assert Shares(5) <= step.shares <= position.sellable
        assert Price(bid) < step.limit
        assert paid * (1 + fraction) <= step.limit.value <= 1 - Decimal(tick)


def test_a_bracket_without_a_take_profit_is_refused_by_its_name() -> None:
    keys = {"bet_size": "20", "max_bet": "50", "min_bet": "1", "min_edge": "-1", "min_trader_resolved_count": 10}
    keys |= {"probability_source": "trader_win_rate"}
    with pytest.raises(InvalidConfig) as refused:
        parse_config(keys | {"exits": {"stop_loss_fraction": "0.2", "bracket_take_profit": True}})

    assert [each.field for each in refused.value.errors] == ["bracket_take_profit"]
