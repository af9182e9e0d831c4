"""Parts that are served side by side: each once, a few at a time, and none after a failure of the whole run."""

from __future__ import annotations

from threading import Barrier, Event, get_ident
from types import SimpleNamespace

import pytest

from live_trading.nouns.errors import LeaseLost
from live_trading.services.running.abreast import served_abreast
from live_trading.wiring.chance import SYSTEM, stepped
from local.machine.patience import HANG_SECONDS

STEPPED = stepped(SimpleNamespace(now=lambda: None))  # type: ignore[arg-type]


def test_each_part_is_served_once_whoever_is_free_for_it() -> None:
    served: list[int] = []

    served_abreast(iter(range(20)), served.append, chance=SYSTEM, at_once=4)

    assert sorted(served) == list(range(20))


def test_as_many_as_asked_for_are_served_at_the_same_time() -> None:
    together = Barrier(3)

    served_abreast(iter(range(6)), lambda _: together.wait(HANG_SECONDS), chance=SYSTEM, at_once=3)

    assert not together.broken


def test_one_that_stands_still_holds_up_nobody_else() -> None:
    others: list[int] = []
    all_others = Event()

    def serve(part: int) -> None:
        if part == 0:
            assert all_others.wait(HANG_SECONDS)
            return
        others.append(part)
        if len(others) == 9:
            all_others.set()

    served_abreast(iter(range(10)), serve, chance=SYSTEM, at_once=2)

    assert sorted(others) == list(range(1, 10))


@pytest.mark.parametrize("at_once", [0, 1])
def test_one_at_a_time_is_served_by_the_caller_itself(at_once: int) -> None:
    served: list[int] = []

    served_abreast(iter(range(3)), lambda _: served.append(get_ident()), chance=SYSTEM, at_once=at_once)

    assert served == [get_ident()] * 3


def test_on_a_stepped_clock_the_parts_come_one_after_the_other() -> None:
    served: list[int] = []

    served_abreast(iter(range(5)), served.append, chance=STEPPED, at_once=4)

    assert served == list(range(5))


@pytest.mark.parametrize("at_once", [1, 3])
def test_after_a_failure_of_the_whole_run_no_part_is_begun_and_it_is_raised(at_once: int) -> None:
    begun: list[int] = []
    # The failure comes once every hand has a part.
    all_hands = Barrier(at_once)

    def serve(part: int) -> None:
        begun.append(part)
        all_hands.wait(HANG_SECONDS)
        raise LeaseLost("the run's own")

    with pytest.raises(LeaseLost, match="the run's own"):
        served_abreast(iter(range(100)), serve, chance=SYSTEM, at_once=at_once)

    assert sorted(begun) == list(range(at_once))
