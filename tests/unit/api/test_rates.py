"""So many at once and then a steady pace, for each caller by itself, and never for what stops trading."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.api.gate.fairness import MOST_SUBJECTS, RETRY_AFTER, URGENT, Fairness
from live_trading.api.problems import Problem, ProblemCode, status_of
from live_trading.api.table import table
from live_trading.nouns.measures.rates import Held, Passed, Rate, asked
from local.lambdas.template.reading import load_application
from local.machine.env import TEMPLATE

READ = ("GET", "/api/lt/strategies")


def outcomes(rate: Rate, moments: Sequence[float]) -> list[Passed | Held]:
    full_at: float | None = None
    found = []
    for now in moments:
        answer = asked(rate, full_at, now)
        full_at = answer.full_at if isinstance(answer, Passed) else full_at
        found.append(answer)
    return found


def bucket_of_tokens(per_second: int, burst: int, moments: Sequence[int]) -> list[bool]:
    """The textbook's bucket, in exact numbers."""
    tokens, last, found = Fraction(burst), moments[0] if moments else 0, []
    for now in moments:
        tokens, last = min(Fraction(burst), tokens + Fraction((now - last) * per_second, 1000)), now
        found.append(tokens >= 1)
        tokens -= 1 if tokens >= 1 else 0
    return found


MOMENTS = st.lists(st.integers(0, 3_000), max_size=60).map(lambda gaps: [sum(gaps[: n + 1]) for n in range(len(gaps))])


@given(per_second=st.integers(1, 50), burst=st.integers(1, 40), milliseconds=MOMENTS)
def test_it_lets_through_what_a_bucket_of_tokens_does(per_second: int, burst: int, milliseconds: list[int]) -> None:
    rate = Rate(per_second=per_second, burst=burst)

    let_through = [isinstance(each, Passed) for each in outcomes(rate, [1.7e9 + each / 1000 for each in milliseconds])]

    wanted = bucket_of_tokens(per_second, burst, milliseconds)
    # A time of today has no exact microseconds: where a bucket is full to the token, the two may differ by it.
    assert abs(sum(let_through) - sum(wanted)) <= sum(a != b for a, b in zip(let_through, wanted, strict=True)) <= 2


@given(burst=st.integers(1, 30), more=st.integers(1, 30))
def test_at_one_moment_the_burst_passes_and_no_more(burst: int, more: int) -> None:
    rate = Rate(per_second=1, burst=burst)

    found = outcomes(rate, [1.7e9] * (burst + more))

    assert [isinstance(each, Passed) for each in found] == [True] * burst + [False] * more


@given(burst=st.integers(1, 30), per_second=st.integers(1, 30))
def test_who_waits_as_long_as_told_passes(burst: int, per_second: int) -> None:
    rate = Rate(per_second=per_second, burst=burst)
    found = outcomes(rate, [0.0] * (burst + 1))
    held = found[-1]
    assert isinstance(held, Held)

    last = [each for each in found if isinstance(each, Passed)][-1]

    assert isinstance(asked(rate, last.full_at, held.seconds), Passed)


def test_a_clock_that_goes_back_holds_nobody_for_longer_than_a_full_bucket_takes() -> None:
    answer = asked(Rate(per_second=2, burst=10), 1_000.0, 0.0)

    assert isinstance(answer, Held)
    assert answer.seconds <= 5


class Asking:
    """Callers of one execution environment, on a clock that the test moves."""

    def __init__(self, a_minute: int = 60) -> None:
        self.at = 1.7e9
        self.fairness = Fairness(a_minute=a_minute, now=lambda: self.at)

    def refused(self, times: int, subject: str = "ann", route: tuple[str, str] = READ) -> list[Problem]:
        found = []
        for _ in range(times):
            try:
                self.fairness.admit(subject, *route)
            except Problem as problem:
                found.append(problem)
        return found


def test_one_caller_who_floods_is_told_when_to_come_back_and_holds_no_other() -> None:
    asking = Asking()

    refused = asking.refused(15)

    assert len(refused) == 5
    assert {each.code for each in refused} == {ProblemCode.TOO_MANY_REQUESTS}
    assert (status_of(refused[0]), refused[0].facts) == (429, {RETRY_AFTER: 1})
    assert asking.refused(10, subject="bob") == []
    asking.at += 1
    assert len(asking.refused(2)) == 1


@pytest.mark.parametrize("route", sorted(URGENT))
def test_what_stops_trading_is_never_held_and_takes_nothing(route: tuple[str, str]) -> None:
    asking = Asking()
    asking.refused(100)

    assert asking.refused(1_000, route=route) == []
    asking.at += 10
    assert asking.refused(10) == []


def test_without_a_limit_nobody_is_held() -> None:
    assert Asking(a_minute=0).refused(10_000) == []


def test_callers_who_have_their_burst_again_are_forgotten() -> None:
    asking = Asking()
    for each in range(MOST_SUBJECTS):
        asking.fairness.admit(str(each), *READ)
    asking.at += 60

    asking.fairness.admit("one more", *READ)

    assert len(asking.fairness._full_at) == 1


def test_what_is_urgent_is_a_route_and_has_room_of_its_own_at_the_gateway() -> None:
    application = load_application(
        TEMPLATE,
        parameters={"DatabaseUrl": "postgresql://u@h/d", "JwtIssuer": "https://issuer", "JwtAudience": "audience"},
        stack_name="live-trading",
    )
    throttles = {(route.method, _shape(route.path)): route.throttle for route in application.routes}

    assert set(URGENT) - {(method, path) for _, method, path, _ in table()} == set()
    assert all(throttles.values())
    names = [throttle.name for throttle in throttles.values() if throttle]
    shared = max(names, key=names.count)
    assert {route for route, throttle in throttles.items() if throttle and throttle.name != shared} == {
        (method, _shape(path)) for method, path in URGENT
    }
    assert len({each for each in names if each != shared}) == len(URGENT)


def _shape(path: str) -> str:
    """The path with its parameters left unnamed."""
    return "/".join("*" if part[:1] in ("{", "<") else part for part in path.split("/"))
