"""What a run has done since a signal was prepared decides whether it is judged once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.nouns.decisions import Verdict
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from live_trading.nouns.trades import Side
from live_trading.services.entering.signal_judging import RunState, judge, judged_now
from live_trading.services.entering.signal_queue import Follower, PreparedSignal
from live_trading.services.following import judging
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.signals.inputs import EvaluationInputs, PositionStanding
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.feed.source_trades import StoredTrade
from tests.builders import NOON, a_config, a_trade, inputs, risk_rules

SCALED = {
    "use_volatility_adjustment": True,
    "volatility_lookback_days": 7,
    "low_volatility_per_day": Decimal(1),
    "high_volatility_per_day": Decimal(3),
    "low_volatility_multiplier": Decimal(2),
    "high_volatility_multiplier": Decimal("0.5"),
}


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[EvaluationInputs]:
    """The inputs of every evaluation."""
    seen: list[EvaluationInputs] = []
    evaluate = judging.evaluate

    def seeing(given: EvaluationInputs) -> Any:
        seen.append(given)
        return evaluate(given)

    monkeypatch.setattr(judging, "evaluate", seeing)
    return seen


def a_signal(given: EvaluationInputs | None = None, **limits: Any) -> PreparedSignal:
    made = given or inputs()
    strategy = LiveStrategy(
        lt_strategy_id=uuid4(),
        name="live",
        ft_wallet_id=uuid4(),
        trading_wallet_id=uuid4(),
        order_type=OrderType.FAK,
        slippage_bound_fraction=Decimal("0.1"),
        max_signal_age_seconds=600,
        time_zone="UTC",
        launched_at=NOON,
        rules=risk_rules(**limits),
    )
    subject = Subject(
        ft_wallet_id=strategy.ft_wallet_id,
        lt_strategy_id=strategy.lt_strategy_id,
        name="live",
        config=made.config,
        config_version=1,
        is_active=True,
        starts_at=NOON,
    )
    prepared = PreparedTrade(source_trade_id=1, seen_at=NOON, inputs=made)
    return PreparedSignal(follower=Follower(strategy=strategy, subject=subject), prepared=prepared)


def test_nothing_has_changed_and_the_first_verdict_stands(evaluated: list[EvaluationInputs]) -> None:
    one = judge(a_signal(), [])

    now = RunState().inputs(one.signal.strategy, one.signal.prepared.inputs, None)

    assert judged_now(one, now, []) is one.first
    assert len(evaluated) == 1


def test_money_that_was_reserved_since_is_missing_in_the_next_verdict(evaluated: list[EvaluationInputs]) -> None:
    one = judge(a_signal(), [])
    state = RunState()
    state.reserve(one.signal.strategy, Usd(995))

    now = state.inputs(one.signal.strategy, one.signal.prepared.inputs, None)

    assert now.bankroll == Usd(5)
    assert one.first.verdict is Verdict.ACCEPTED
    assert judged_now(one, now, []).verdict is Verdict.REJECTED
    assert len(evaluated) == 2


def test_money_that_is_only_promised_counts_where_it_is_asked_for() -> None:
    signal = a_signal()
    state = RunState()
    state.promise(signal.strategy, Usd(100))

    committed = state.inputs(signal.strategy, signal.prepared.inputs, None)
    less = state.inputs(signal.strategy, signal.prepared.inputs, None, keeps=True)

    assert (committed.bankroll, less.bankroll) == (Usd(1000), Usd(900))


def test_what_one_strategy_takes_is_not_missing_in_another() -> None:
    mine, other = a_signal(), a_signal()
    state = RunState()
    state.reserve(mine.strategy, Usd(100))
    state.enter(mine.strategy, mine.prepared)

    assert state.inputs(other.strategy, other.prepared.inputs, None) == other.prepared.inputs


def test_a_token_that_was_entered_since_counts_as_an_entry_once_a_trade() -> None:
    standing = PositionStanding(entries=0, last_entry_price=None, last_stop_at=None, was_left=False)
    signal = a_signal(inputs(position=standing))
    state = RunState()
    state.enter(signal.strategy, signal.prepared)
    state.enter(signal.strategy, signal.prepared)

    now = state.inputs(signal.strategy, signal.prepared.inputs, None)

    assert now.position is not None
    assert (now.position.entries, now.position.last_entry_price) == (1, signal.prepared.inputs.trade.price)


def test_a_signal_is_hopeful_where_any_volatility_would_have_it() -> None:
    config = a_config(allocation_method="KELLY", min_bet="150", max_bet="1000")
    refused = inputs(config=config)

    assert not judge(a_signal(refused), []).is_hopeful
    scaled = judge(a_signal(refused, **SCALED), [])

    assert scaled.first.verdict is Verdict.REJECTED
    assert scaled.is_hopeful


def test_the_markets_volatility_scales_the_stake_where_the_strategy_asks_for_it() -> None:
    plain, scaled = a_signal(), a_signal(**SCALED)

    assert RunState().inputs(plain.strategy, plain.prepared.inputs, Decimal(1)).stake_multiplier == 1
    assert RunState().inputs(scaled.strategy, scaled.prepared.inputs, Decimal(1)).stake_multiplier == 2
    assert RunState().inputs(scaled.strategy, scaled.prepared.inputs, None).stake_multiplier == 1


@pytest.mark.parametrize(("own", "age", "is_too_old"), [(None, 600, False), (None, 601, True), (60, 61, True)])
def test_the_age_alone_decides_by_the_tighter_of_both_limits(own: int | None, age: int, *, is_too_old: bool) -> None:
    config = a_config(**({} if own is None else {"max_signal_age_seconds": own}))
    follower = a_signal(inputs(config=config)).follower
    stored = StoredTrade(source_trade_id=1, trade=a_trade(), seen_at=NOON)
    now = stored.trade.trade_time + timedelta(seconds=age)

    assert follower.is_too_old(stored, now) is is_too_old


def test_a_sale_that_is_followed_is_never_too_old() -> None:
    follower = a_signal(inputs(config=a_config(exits={"follow_trader": True}))).follower
    sale = StoredTrade(source_trade_id=1, trade=replace(a_trade(), side=Side.SELL), seen_at=NOON)

    assert not follower.is_too_old(sale, NOON + timedelta(days=3))
    assert follower.is_too_old(replace(sale, trade=a_trade()), NOON + timedelta(days=3))
