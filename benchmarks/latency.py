"""How long it takes from a trader's fill to our order: the stack at the speed of real time, 96 traders, one invocation.

Run it with `make bench-latency`; it takes two minutes. The chain has a block every two seconds, as Polygon has, and the
venue lists trades one to four seconds late. The invocation runs in this process: what it does by its schedule, without
the start of a function.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import httpx

from live_trading.services.copying.copy_run import CopyReport
from live_trading.services.running.budget import Budget
from live_trading.store.orders import latencies
from live_trading.store.orders.latencies import StageLatency
from live_trading.wiring.chance import SYSTEM
from live_trading.wiring.composition import Parts
from local.chain.deployment import FILL_EMITTER
from local.lambdas.template.intrinsics import REGION
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack, StackFacts
from tests.e2e.live_fixtures import LiveDesk, desk_on

TRADERS = 96
STAY_SECONDS = 112.0
OWNER = "operator"


def main() -> int:
    """Prints the stages of one stay."""
    options = {"traders": TRADERS, "chain_trades": True}
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(directory=Path(directory), front_door_port=None, exchange_options=options) as stack,
    ):
        desk = _desk(stack)
        httpx.put(f"{stack.control_url}/clock", json={"speed": 1}, timeout=HANG_SECONDS).raise_for_status()
        began = desk.now()
        report = desk.parts.copy_run("bench", elapsed=SYSTEM.elapsed, pause=time.sleep).run(
            STAY_SECONDS, Budget.unlimited()
        )
        _print(desk, report, began)
    return 0


def _desk(stack: StackFacts) -> LiveDesk:
    """A strategy that follows every scripted trader, with money for two minutes of them."""
    os.environ |= {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    parts = Parts({**stack.settings, "FURTHER_EXCHANGES": FILL_EMITTER})
    desk = desk_on(stack, parts, stack.database_url)
    replay = httpx.get(f"{stack.control_url}/replay", timeout=HANG_SECONDS).raise_for_status().json()
    followed = sorted(each["address"] for each in replay["traders"])
    now = desk.now()
    with desk.database.transaction() as transaction:
        transaction.execute(
            "INSERT INTO traders SELECT unnest(:traders::text[]), TRUE, :now", traders=followed, now=now
        )
        transaction.execute(
            """
            INSERT INTO trader_stats
            SELECT trader, date_trunc('hour', :now::timestamptz) + hours * interval '1 hour', 40, 26, 60, 200, 120, 60
            FROM unnest(:traders::text[]) AS trader CROSS JOIN generate_series(-1, 2) AS hours
            """,
            traders=followed,
            now=now,
        )
        transaction.execute('UPDATE ft_wallet_versions SET config = config || \'{"bet_size": "2", "max_bet": "2"}\'')
    return desk


def _print(desk: LiveDesk, report: CopyReport, began: datetime) -> None:
    with desk.database.reading() as transaction:
        orders = latencies.of_orders(transaction, OWNER, lt_strategy_id=None, since=began)
        decided = latencies.of_decisions(transaction, OWNER, lt_strategy_id=None, since=began)
    load = os.getloadavg()[0]
    print(
        f"one stay of {STAY_SECONDS:.0f} s, {TRADERS} traders, blocks of 2 s; load {load:.1f} on {os.cpu_count()} cores"
    )
    print(f"passes {report.passes}, chain {report.chain}, failures {len(report.failures)}")
    print(f"decisions {report.live.decisions if report.live else {}}")
    _table("orders", orders)
    _table("decisions", decided)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name!s} {count}" for name, count in counts.items()) or "none"


def _table(name: str, stages: Sequence[StageLatency]) -> None:
    print(f"{name:<26}{'n':>7}{'p50 s':>9}{'p95 s':>9}{'max s':>9}")
    for each in stages:
        print(
            f"  {each.stage:<24}{each.count:>7}{each.p50_milliseconds / 1000:>9.2f}"
            f"{each.p95_milliseconds / 1000:>9.2f}{each.max_milliseconds / 1000:>9.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
