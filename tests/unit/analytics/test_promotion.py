"""Leaders without an edge are seldom promoted, however often one looks; an edge that is gone is noticed in time."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.analytics.evidence import (
    Evidence,
    MarketReturn,
    against_an_edge,
    against_no_edge,
    by_market,
    discoveries,
)
from live_trading.analytics.promotion import LEADS_TO, Candidate, PromotionRules, Stage, Step, proposals

pytestmark = pytest.mark.promotion

RULES = PromotionRules()


def leader(random: Random, markets: int, edge: float, *, until: int | None = None) -> list[MarketReturn]:
    """Bets at fair prices between 0.2 and 0.8, won as often as the price says and by `edge` more often until then."""
    found = []
    for number in range(markets):
        price = random.uniform(0.2, 0.8)
        better = edge if until is None or number < until else 0.0
        value = 1 / price - 1 if random.random() < price + better else -1.0
        found.append(MarketReturn(condition_id=str(number), value=Decimal(f"{value:.6f}")))
    return found


def test_leaders_without_an_edge_are_promoted_in_at_most_five_of_a_hundred() -> None:
    random = Random(1)
    promoted = sum(against_no_edge(leader(random, 300, 0.0)).highest >= 20 for _ in range(400))

    assert promoted / 400 <= 0.05


def test_a_real_edge_is_found() -> None:
    random = Random(2)
    found = sum(against_no_edge(leader(random, 300, 0.08)).highest >= 20 for _ in range(100))

    assert found >= 60, "power against eight points of probability in three hundred markets"


def test_among_many_candidates_false_discoveries_stay_rare() -> None:
    random = Random(3)
    false = total = 0
    for _ in range(20):
        values = {("none", number): against_no_edge(leader(random, 200, 0.0)).highest for number in range(40)}
        values |= {("edge", number): against_no_edge(leader(random, 200, 0.15)).highest for number in range(10)}
        kept = discoveries(values, Decimal("0.05"))
        false += sum(kind == "none" for kind, _ in kept)
        total += len(kept)

    assert total > 100
    assert false / total <= 0.05


def test_an_edge_that_is_gone_is_noticed_and_one_that_stays_seldom_doubted() -> None:
    random = Random(4)
    gone = [against_an_edge(leader(random, 150, -0.12)) >= RULES.doubt for _ in range(100)]
    stays = [against_an_edge(leader(random, 150, 0.08)) >= RULES.doubt for _ in range(100)]

    assert sum(gone) >= 90, "a leader who has become worse than fair by twelve points, in a hundred and fifty markets"
    assert sum(stays) <= 5


@given(values=st.lists(st.decimals(min_value="-1.25", max_value="50", places=6), max_size=60))
def test_evidence_is_never_negative_and_its_highest_never_below_it(values: list[Decimal]) -> None:
    found = against_no_edge([MarketReturn(condition_id="x", value=each) for each in values])

    assert found.e_value >= 0
    assert found.highest >= found.e_value
    assert found.highest >= 1


def test_trades_of_one_market_are_one_observation_and_pay_the_expected_gap() -> None:
    trades = [("a", Decimal(5), Decimal(10)), ("b", Decimal(-10), Decimal(10)), ("a", Decimal(-1), Decimal(10))]

    found = by_market(trades, Decimal("0.02"))

    assert [(each.condition_id, each.value) for each in found] == [("b", Decimal("-1.02")), ("a", Decimal("0.18"))]


def a_candidate(stage: Stage, *, rung: int = 0, e_value: str = "1", markets: int = 100, doubt: str = "0") -> Candidate:
    evidence = Evidence(markets=markets, e_value=Decimal(e_value), highest=Decimal(e_value), mean=None)
    return Candidate(ft_wallet_id=uuid4(), stage=stage, rung=rung, evidence=evidence, doubt=Decimal(doubt))


def steps(*candidates: Candidate) -> dict[UUID, tuple[Step, int, bool]]:
    return {each.ft_wallet_id: (each.step, each.to_rung, each.needs_person) for each in proposals(candidates, RULES)}


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (a_candidate(Stage.CANDIDATE, e_value="19"), None),
        (a_candidate(Stage.CANDIDATE, e_value="20"), (Step.PROVE, 0, True)),
        (a_candidate(Stage.CANDIDATE, e_value="1000", markets=29), None),
        (a_candidate(Stage.PROVEN, e_value="1000"), None),
        (a_candidate(Stage.LIVE, rung=1, e_value="19"), None),
        (a_candidate(Stage.LIVE, rung=1, e_value="20"), (Step.STEP_UP, 2, True)),
        (a_candidate(Stage.LIVE, rung=4, e_value="20"), None),
        (a_candidate(Stage.LIVE, rung=3, e_value="20", doubt="500"), (Step.STEP_DOWN, 2, False)),
        (a_candidate(Stage.LIVE, rung=1, doubt="500"), (Step.RETIRE, 0, False)),
        (a_candidate(Stage.WATCH, rung=2, e_value="20"), (Step.RETURN, 2, True)),
        (a_candidate(Stage.WATCH, rung=2, doubt="500"), (Step.STEP_DOWN, 1, False)),
        (a_candidate(Stage.RETIRED, e_value="1000", doubt="1000"), None),
    ],
)
def test_a_step_follows_from_the_evidence(candidate: Candidate, expected: tuple[Step, int, bool] | None) -> None:
    assert steps(candidate).get(candidate.ft_wallet_id) == expected


def test_more_candidates_ask_for_more_evidence_of_each() -> None:
    good = a_candidate(Stage.CANDIDATE, e_value="25")

    assert good.ft_wallet_id in steps(good)
    assert steps(good, a_candidate(Stage.CANDIDATE), a_candidate(Stage.CANDIDATE, markets=3)) == {}


def test_every_step_that_is_proposed_leads_somewhere() -> None:
    for stage in Stage:
        for rung in range(5):
            for e_value, doubt in (("1", "0"), ("1000", "0"), ("1", "1000")):
                candidate = a_candidate(stage, rung=rung, e_value=e_value, doubt=doubt)
                for step, _, _ in steps(candidate).values():
                    assert (stage, step) in LEADS_TO
