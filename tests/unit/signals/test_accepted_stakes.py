"""Whatever scales a stake, what the evaluation accepts is within the wallet's bounds and its bankroll."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.decisions import Reason, Verdict
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Usd
from live_trading.services.following.evaluation import PreparedTrade
from live_trading.services.following.judging import judged
from live_trading.services.running.failures import PartFailure
from live_trading.signals.config import AllocationMethod
from live_trading.signals.evaluate import evaluate
from live_trading.signals.inputs import canonical, inputs_hash
from tests.builders import CRYPTO_FEES, NOON, a_config, a_market, a_trade, inputs

pytestmark = pytest.mark.money_faults

METHODS = (AllocationMethod.FIXED, AllocationMethod.KELLY, AllocationMethod.EDGE_SCALED, AllocationMethod.COPY_FRACTION)


@given(
    method=st.sampled_from(METHODS),
    bet_size=st.decimals(min_value="0.01", max_value=200, places=3),
    bounds=st.lists(st.decimals(min_value="0.01", max_value=200, places=3), min_size=2, max_size=2).map(sorted),
    bankroll=st.decimals(min_value=0, max_value=300, places=2),
    scale=st.decimals(min_value=0, max_value=5, places=4),
    price=st.decimals(min_value="0.01", max_value="0.6", places=2),
)
def test_no_accepted_stake_is_outside_its_bounds_or_above_the_bankroll(
    method: AllocationMethod,
    bet_size: Decimal,
    bounds: list[Decimal],
    bankroll: Decimal,
    scale: Decimal,
    price: Decimal,
) -> None:
    least, most = bounds
    config = a_config(
        allocation_method=method, bet_size=str(bet_size), min_bet=str(least), max_bet=str(most), copy_fraction="0.2"
    )

    found = evaluate(
        inputs(
            config=config,
            bankroll=Usd(bankroll),
            stake_multiplier=scale,
            trade=a_trade(price=Price(price)),
            market=a_market(fees=CRYPTO_FEES),
        )
    )

    if found.verdict is Verdict.ACCEPTED:
        assert least <= found.stake.value <= most
        assert found.stake <= Usd(bankroll)
    else:
        assert found.stake == Usd.zero()


def test_a_bankroll_that_the_scaled_stake_does_not_fit_is_insufficient() -> None:
    whole = inputs(bankroll=Usd(15))

    assert evaluate(whole).stake == Usd(10)
    assert evaluate(replace(whole, stake_multiplier=Decimal(2))).reason is Reason.INSUFFICIENT_CASH


def test_what_nothing_scales_keeps_its_hash_and_what_is_scaled_says_by_how_much() -> None:
    scaled = replace(inputs(), stake_multiplier=Decimal("0.75"))

    assert "stake_multiplier" not in canonical(inputs())
    assert canonical(scaled)["stake_multiplier"] == "0.75"
    assert inputs_hash(scaled) != inputs_hash(inputs())


@pytest.mark.parametrize("is_active", [True, False])
def test_a_trade_whose_terms_cannot_be_computed_is_decided_as_unsupported_and_told(is_active: bool) -> None:
    no_number = FeeSchedule(rate=Decimal("NaN"), exponent=Decimal(1))
    poisoned = inputs(is_active=is_active, market=a_market(fees=no_number))
    failures: list[PartFailure] = []

    found = judged(PreparedTrade(source_trade_id=7, seen_at=NOON, inputs=poisoned), poisoned, failures)

    assert (found.verdict, found.reason, found.stake) == (
        Verdict.REJECTED,
        Reason.MARKET_UNSUPPORTED,
        Usd.zero(),
    )
    assert [failure.part for failure in failures] == ["trade 7"]
