"""How long a warm lt-execute takes with nothing to do, for one strategy, ten and a hundred, and with one order.

It says how much of that is waiting for others, and how often the database is asked. Run it with `make bench`. The
executor runs in this process against a stack of its own; the milliseconds are this machine's, and what stays is the
ratio between the lines and the product's own share of each.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import httpx

from live_trading.nouns.money import Usd
from live_trading.wiring.composition import Parts
from live_trading.wiring.garbage import collect_seldom
from local.lambdas.template.intrinsics import REGION
from local.stack.assembly import Stack, StackFacts
from tests.e2e.live_fixtures import LiveDesk, desk_on, sibling
from tests.statement_counting import counted_round_trips

RUNS = 20
STRATEGIES = (10, 100)
SETTLES_WITHIN_SECONDS = 8


@dataclass(slots=True)
class Waiting:
    """When this process had HTTP requests open: to venue, chain and clock, some of them side by side."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """For how long at least one was open."""
        waited, until = 0.0, 0.0
        for began, ended in sorted(self.spans):
            waited += max(0.0, ended - max(began, until))
            until = max(until, ended)
        return waited

    @contextmanager
    def counted(self) -> Iterator[None]:
        send = httpx.Client.send

        def timed(client: httpx.Client, *arguments: object, **options: object) -> httpx.Response:
            began = time.perf_counter()
            try:
                return send(client, *arguments, **options)  # type: ignore[arg-type]
            finally:
                self.spans.append((began, time.perf_counter()))

        with patch.object(httpx.Client, "send", timed):
            yield


@dataclass(slots=True)
class Line:
    """Milliseconds of each run of one kind."""

    name: str
    total: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    trips: list[int] = field(default_factory=list)

    def text(self, base: Line) -> str:
        ratio = statistics.median(self.own) / statistics.median(base.own)
        return (
            f"{self.name:<22}{statistics.median(self.total):>8.1f}{_p95(self.total):>8.1f}"
            f"{statistics.median(self.own):>10.1f}{_p95(self.own):>8.1f}{ratio:>8.2f}"
            f"{statistics.median(self.trips):>10.0f}"
        )


def main() -> int:
    """Prints a line for each kind of run."""
    collect_seldom()
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(directory=Path(directory), front_door_port=None, exchange_options={"traders": 0}) as stack,
    ):
        desk = desk_with_environment(stack)
        idle, order = Line("nothing to do"), Line("one order")
        wide = {strategies: Line(f"idle, {strategies} strategies") for strategies in STRATEGIES}
        for _ in range(RUNS):
            _measure(desk, idle, orders=0)
            desk.signal()
            _measure(desk, order, orders=1)
            desk.advance(SETTLES_WITHIN_SECONDS)
            desk.execute()
        have = 1
        for strategies, line in wide.items():
            for _ in range(strategies - have):
                sibling(desk, capital=Usd(1))
            have = strategies
            desk.execute()
            for _ in range(RUNS):
                _measure(desk, line, orders=0)
    print(f"lt-execute, warm, {RUNS} runs each, milliseconds; own = without waiting for venue, chain and clock")
    print(f"{'':<22}{'p50':>8}{'p95':>8}{'own p50':>10}{'p95':>8}{'ratio':>8}{'database':>10}")
    for line in (idle, order, *wide.values()):
        print(line.text(idle))
    return 0


def with_aws(stack: StackFacts) -> None:
    """AWS of this process is the stack's."""
    os.environ |= {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def desk_with_environment(stack: StackFacts) -> LiveDesk:
    """A desk on the stack's own database, warm, with AWS pointed at the stack."""
    with_aws(stack)
    desk = desk_on(stack, Parts(stack.settings), stack.database_url)
    desk.change("UPDATE traders SET is_followed = TRUE")
    desk.signal()
    desk.execute()
    desk.advance(SETTLES_WITHIN_SECONDS)
    desk.execute()
    return desk


def _measure(desk: LiveDesk, line: Line, *, orders: int) -> None:
    waiting = Waiting()
    with waiting.counted(), counted_round_trips() as made:
        began = time.perf_counter()
        report = desk.execute()
        seconds = time.perf_counter() - began
    if sum(report.orders.values()) != orders or report.failures:
        raise SystemExit(f"expected {orders} orders, got {report}")
    line.total.append(seconds * 1000)
    line.own.append((seconds - waiting.seconds) * 1000)
    line.trips.append(len(made.trips))


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
