"""How an invocation stays: passes on news and at a steady beat, hands over to the next, outlives faults."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from subprocess import PIPE, Popen

import pytest

from live_trading.nouns.errors import RetryLater
from live_trading.services.running.budget import Budget
from live_trading.services.running.staying import LEASE_SECONDS, Beat, Occasion, Stay, Stayed
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, StoreUnavailable
from local.postgres.databases import connect
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.source_builders import NOON

pytestmark = [pytest.mark.integration, pytest.mark.overlap]

NAME = "stay:lt-execute"


@dataclass(slots=True)
class Passing:
    """One invocation whose waiting moves the clock, with what it did and when, in seconds from its beginning."""

    database: Database
    clock: SetClock
    holder: str = "first"
    news_at: list[float] = field(default_factory=list)
    acts: list[tuple[float, Occasion]] = field(default_factory=list)
    on_act: Callable[[], None] = lambda: None
    on_pause: Callable[[], None] = lambda: None
    on_look: Callable[[], None] = lambda: None

    @property
    def elapsed(self) -> float:
        return (self.clock.at - NOON).total_seconds()

    def run(self, seconds: float, budget: Budget | None = None) -> Stayed:
        stay = Stay(
            database=self.database,
            clock=self.clock,
            elapsed=lambda: self.elapsed,
            pause=self._pause,
            name=NAME,
            holder=self.holder,
            beat=Beat(look_seconds=1, pass_seconds=10),
        )
        return stay.run(seconds, budget or Budget.unlimited(), look=self._look, act=self._act)

    def _pause(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.on_pause()

    def _look(self) -> bool:
        self.on_look()
        due = [each for each in self.news_at if each <= self.elapsed]
        self.news_at = [each for each in self.news_at if each > self.elapsed]
        return bool(due)

    def _act(self, occasion: Occasion) -> None:
        self.acts.append((self.elapsed, occasion))
        self.on_act()


@pytest.fixture
def passing(database: Database) -> Passing:
    return Passing(database, SetClock(NOON))


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """A second connection, as another invocation has."""
    opened = Database(lambda: connect(database_url))
    yield opened
    opened.close()


def taken_over(other: Database, clock: SetClock) -> None:
    with other.transaction() as transaction:
        assert leases.acquire(transaction, NAME, "second", clock.at, LEASE_SECONDS) is not None


def test_passes_at_once_when_there_is_news_and_else_at_the_beat(passing: Passing) -> None:
    passing.news_at = [3, 17]

    stayed = passing.run(30)

    beat, news = Occasion.BEAT, Occasion.NEWS
    assert passing.acts == [(0, beat), (3, news), (13, beat), (17, news), (27, beat)]
    assert stayed == Stayed(ran=True, passes={beat: 3, news: 2})


def test_ends_when_its_time_is_over_and_leaves_the_name_free(passing: Passing, other: Database) -> None:
    passing.run(5)

    assert passing.elapsed == 5
    taken_over(other, passing.clock)


def test_begins_no_pass_that_the_invocation_has_no_time_for(passing: Passing) -> None:
    budget = Budget(lambda: 41 - passing.elapsed)
    passing.news_at = [22]

    passing.run(1_000, budget)

    assert [at for at, _ in passing.acts] == [0, 10, 20]


def test_one_that_begins_while_another_ends_waits_for_it(passing: Passing, other: Database) -> None:
    with other.transaction() as transaction:
        lease = leases.acquire(transaction, NAME, "before", NOON, LEASE_SECONDS)
    assert lease is not None

    def ends_after_four_seconds() -> None:
        if passing.elapsed == 4:
            with other.transaction() as transaction:
                leases.release(transaction, lease, passing.clock.at)

    passing.on_pause = ends_after_four_seconds

    assert passing.run(20).ran
    assert passing.acts[0] == (4, Occasion.BEAT)


def test_one_that_finds_another_at_it_all_the_while_does_nothing(passing: Passing, other: Database) -> None:
    with other.transaction() as transaction:
        leases.acquire(transaction, NAME, "before", NOON, 3_600)

    assert passing.run(60) == Stayed(ran=False)
    assert passing.acts == []


def test_one_that_was_overtaken_during_a_pass_acts_no_more(passing: Passing, other: Database) -> None:
    def takes_long() -> None:
        passing.clock.at += timedelta(seconds=LEASE_SECONDS + 1)
        taken_over(other, passing.clock)

    passing.on_act = takes_long
    passing.news_at = [LEASE_SECONDS + 2]

    assert passing.run(60).passes == {Occasion.BEAT: 1}


def test_the_next_goes_on_within_the_lease_of_one_that_was_killed(database_url: str, passing: Passing) -> None:
    script = (
        "import sys\n"
        "from datetime import datetime\n"
        "from live_trading.services.running.budget import Budget\n"
        "from live_trading.services.running.staying import Beat, Stay\n"
        "from live_trading.store.database.connection import Database\n"
        "from local.postgres.databases import connect\n"
        "from tests.integration.paper_bench_fixtures import SetClock\n"
        "def acts(occasion):\n"
        "    print('acts', flush=True)\n"
        "    sys.stdin.read()\n"
        "clock = SetClock(datetime.fromisoformat(sys.argv[2]))\n"
        "stay = Stay(database=Database(lambda: connect(sys.argv[1])), clock=clock,"
        " elapsed=lambda: 0.0, pause=lambda seconds: None, name=sys.argv[3], holder='killed', beat=Beat())\n"
        "stay.run(60, Budget.unlimited(), look=lambda: False, act=acts)\n"
    )
    arguments = [sys.executable, "-c", script, database_url, NOON.isoformat(), NAME]
    with Popen(
        arguments, stdin=PIPE, stdout=PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"acts\n"
        killed.send_signal(signal.SIGKILL)

    assert passing.run(60).ran
    assert 0 < passing.acts[0][0] <= LEASE_SECONDS + 1


def test_a_pass_without_a_database_is_made_again_at_the_next_beat(passing: Passing) -> None:
    def away_at_first() -> None:
        if passing.elapsed == 0:
            raise StoreUnavailable("gone")

    passing.on_act = away_at_first

    passing.run(15)

    assert [at for at, _ in passing.acts] == [0, 10]


def test_a_database_that_stays_away_fails_the_invocation(passing: Passing) -> None:
    def is_away() -> None:
        raise StoreUnavailable("gone")

    passing.on_act = is_away

    with pytest.raises(StoreUnavailable, match="gone"):
        passing.run(15)


def test_what_nobody_foresaw_ends_it_and_frees_the_name(passing: Passing, other: Database) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    passing.on_act = breaks

    with pytest.raises(ZeroDivisionError):
        passing.run(15)
    taken_over(other, passing.clock)


def test_a_look_that_fails_is_no_news_and_is_named_once(passing: Passing) -> None:
    def is_away() -> None:
        raise RetryLater("the node is away")

    passing.on_look = is_away

    stayed = passing.run(5)

    assert stayed.passes == {Occasion.BEAT: 1}
    assert [(each.part, each.message) for each in stayed.failures] == [("looks for news", "the node is away")]
