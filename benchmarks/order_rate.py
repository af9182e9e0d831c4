"""Orders a second through lt-execute at 50 ms answer time, against a bare client that posts them one by one.

Run it with `make bench`. The replay's clock runs at its natural speed, so that the times which the orders carry are
real; what stays is the ratio between the two rates.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import httpx

from benchmarks.lt_execute import desk_with_environment
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.orders.rounding import plan_marketable_buy
from live_trading.store.accounts import live_strategies
from live_trading.store.feed import markets
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack
from tests.e2e.live_fixtures import LiveDesk

ORDERS = 45
ANSWER_SECONDS = 0.05
MOST_FOR_ONE = Price("0.99")


class NaturalClock:
    """The replay's time without a request a reading, as the system's clock is where there is no replay."""

    def __init__(self, now: datetime) -> None:
        self._ahead = now - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


def main() -> int:
    """Prints both rates and the time from decision to POST."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(directory=Path(directory), front_door_port=None, exchange_options={"traders": 0}) as stack,
    ):
        desk = desk_with_environment(stack)
        desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
        desk.change("UPDATE ft_wallet_versions SET config = jsonb_set(config, '{bet_size}', '\"5\"')")
        httpx.put(f"{stack.control_url}/clock", json={"speed": 1}, timeout=HANG_SECONDS).raise_for_status()
        desk.parts.clock = NaturalClock(desk.now())
        with slow_venue(stack.clob_url):
            bare = _bare_rate(desk)
            ours, placed = _our_rate(desk)
        waits = _decision_to_post(desk)
    print(f"{placed} orders at {ANSWER_SECONDS * 1000:.0f} ms answer time")
    print(f"  one by one with the bare client   {bare:6.1f} orders a second")
    print(f"  lt-execute, decision to answer    {ours:6.1f} orders a second   ratio {ours / bare:.2f}")
    print(f"  decision to POST, milliseconds    p50 {waits[0]:.0f}   p95 {waits[1]:.0f}")
    return 0


@contextmanager
def slow_venue(clob_url: str) -> Iterator[None]:
    """Every request to the CLOB takes so much longer."""
    send = httpx.Client.send

    def slow(client: httpx.Client, request: httpx.Request, **options: object) -> httpx.Response:
        answer = send(client, request, **options)  # type: ignore[arg-type]
        if str(request.url).startswith(clob_url):
            time.sleep(ANSWER_SECONDS)
        return answer

    with patch.object(httpx.Client, "send", slow):
        yield


def _our_rate(desk: LiveDesk) -> tuple[float, int]:
    for number in range(ORDERS):
        desk.signal(outcome_index=number % 2)
    began = time.perf_counter()
    report = desk.execute()
    seconds = time.perf_counter() - began
    placed = sum(report.orders.values())
    if placed == 0 or report.failures:
        raise SystemExit(f"expected orders, got {report}")
    return placed / seconds, placed


def _bare_rate(desk: LiveDesk) -> float:
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        market = markets.by_condition(transaction, [desk.market["condition_id"]])[desk.market["condition_id"]]
    account = desk.parts.account(wallet)
    plan = plan_marketable_buy(
        market=market, outcome_index=0, limit_price=MOST_FOR_ONE, stake=Usd(6), order_type=OrderType.FAK
    )
    if not isinstance(plan, OrderPlan):
        raise SystemExit(f"no order to post: {plan}")
    signed = [account.sign(plan) for _ in range(ORDERS)]
    began = time.perf_counter()
    for each in signed:
        account.post([each])
    return ORDERS / (time.perf_counter() - began)


def _decision_to_post(desk: LiveDesk) -> tuple[float, float]:
    rows = desk.rows(
        "SELECT extract(epoch FROM sent_at - decided_at) * 1000 AS ms FROM lt_orders WHERE sent_at IS NOT NULL"
    )
    waits = [float(row["ms"]) for row in rows]
    return statistics.median(waits), statistics.quantiles(waits, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
