"""Rotations on a real Postgres: who was served least recently comes first, in whatever run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.services.running.budget import Budget
from live_trading.services.running.rotation import Rotation
from live_trading.store.database.connection import Database
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.source_builders import NOON

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]


def served(database: Database, minute: int, parts: list[str], most: int, name: str = "wallets") -> list[str]:
    """The parts that a run at this minute serves before its time is over after `most` of them."""
    clock = SetClock(NOON + timedelta(minutes=minute))
    rotation = Rotation(database=database, clock=clock, name=name)
    done: list[str] = []
    left: list[str] = []
    budget = Budget(lambda: 1.0 if len(done) < most else 0.0)
    for part in rotation.while_time_lasts(parts, str, budget=budget, seconds_each=1, left=left):
        clock.at += timedelta(seconds=1)
        done.append(part)
    assert sorted([*done, *left]) == sorted(parts)
    return done


def test_whoever_time_ran_out_for_is_first_in_the_next_run(database: Database) -> None:
    parts = ["one", "two", "three"]

    runs = [served(database, minute, parts, most=2) for minute in range(3)]

    assert runs == [["one", "two"], ["three", "one"], ["two", "three"]]


def test_who_is_new_comes_before_all_and_who_is_gone_is_in_nobodys_way(database: Database) -> None:
    served(database, 0, ["one", "gone", "two"], most=3)

    assert served(database, 1, ["one", "two", "new"], most=3) == ["new", "one", "two"]


def test_a_part_that_ends_the_run_in_the_middle_is_last_in_the_next(database: Database) -> None:
    rotation = Rotation(database=database, clock=SetClock(NOON), name="wallets")
    begun = rotation.while_time_lasts(["deadly", "other"], str, budget=Budget.unlimited(), seconds_each=1, left=[])
    next(begun)

    assert served(database, 1, ["deadly", "other"], most=2) == ["other", "deadly"]


def test_rotations_do_not_know_of_each_other(database: Database) -> None:
    served(database, 0, ["one", "two"], most=1)

    assert served(database, 1, ["one", "two"], most=1, name="strategies") == ["one"]
