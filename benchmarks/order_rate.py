"""Orders a second through lt-execute at a venue that answers after 50 ms, against a bare client that only posts.

Run it with `make bench`. The replay's clock runs at its natural speed, so that the times which the orders carry are
real; what stays is the ratio between the rates, and how often the database is asked for an order. The second line is
the same with a database that is a millisecond away.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from benchmarks.lt_execute import desk_with_environment
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, SignedOrder
from live_trading.orders.rounding import plan_marketable_buy
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.outcomes import Accepted
from live_trading.polymarket.clob.venue_client import ORDERS_A_REQUEST
from live_trading.store.accounts import live_strategies
from live_trading.store.database.postgres_session import Session, Statement
from live_trading.store.feed import markets
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack
from tests.e2e.live_fixtures import LiveDesk

ORDERS = 45
# Enough for a batch, so that every statement is prepared and every module is there.
WARMING = 10
ANSWER_SECONDS = 0.05
DATABASE_SECONDS = 0.001
SETTLES_WITHIN_SECONDS = 8
MOST_FOR_ONE = Price("0.99")


class NaturalClock:
    """The replay's time without a request a reading, as the system's clock is where there is no replay."""

    def __init__(self, now: datetime) -> None:
        self._ahead = now - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@dataclass(slots=True)
class RoundTrips:
    """How often Postgres was asked and waited for, by whatever thread."""

    count: int = 0

    @contextmanager
    def counted(self, seconds_more: float) -> Iterator[None]:
        """Counts them, and lets each take so much longer."""
        exchange, commit = Session.exchange, Session.commit

        def wait() -> None:
            self.count += 1
            # Sleeping for no time at all still gives the processor away.
            if seconds_more:
                time.sleep(seconds_more)

        def slow_exchange(session: Session, statements: Sequence[Statement]) -> Any:
            wait()
            return exchange(session, statements)

        def slow_commit(session: Session, last: Sequence[Statement] = ()) -> None:
            if not last:
                wait()
            commit(session, last)

        with patch.object(Session, "exchange", slow_exchange), patch.object(Session, "commit", slow_commit):
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a run made of its signals: orders a second from the first decision to the last answer, and over all of it.

    `waits` are p50 and p95 of the milliseconds from the decision to the POST; `busy` is this process' own time on a
    processor in the whole run, in milliseconds an order, which says more than the rates where others use the machine.
    """

    entering: float
    whole_run: float
    round_trips: float
    busy: float
    waits: tuple[float, float]
    orders: int


def main() -> int:
    """Prints the rates, how often the database was asked, and the time from decision to POST."""
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
            _our_rate(desk, 0.0, WARMING)
            # The bare client comes last: what it does is not ours, and a run would adopt it.
            near, far = _our_rate(desk, 0.0), _our_rate(desk, DATABASE_SECONDS)
            batches, singly = _bare_rate(desk, ORDERS_A_REQUEST), _bare_rate(desk, 1)
    print(f"{near.orders} orders at {ANSWER_SECONDS * 1000:.0f} ms answer time, orders a second")
    print(f"  bare client, one by one           {singly:6.1f}")
    print(f"  bare client, batches of {ORDERS_A_REQUEST}        {batches:6.1f}")
    for name, ours in (("database beside it", near), (f"database {DATABASE_SECONDS * 1000:.0f} ms away", far)):
        print(f"  lt-execute, {name}")
        print(f"    first decision to last answer   {ours.entering:6.1f}   of batches {ours.entering / batches:.2f}")
        print(f"    the whole run                   {ours.whole_run:6.1f}   of batches {ours.whole_run / batches:.2f}")
        print(f"    round trips an order            {ours.round_trips:6.1f}")
        print(f"    own processor time, ms an order {ours.busy:6.1f}")
        print(f"    decision to POST, milliseconds  p50 {ours.waits[0]:.0f}   p95 {ours.waits[1]:.0f}")
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


def _our_rate(desk: LiveDesk, seconds_more: float, orders: int = ORDERS) -> Rate:
    before = {row["lt_order_id"] for row in desk.orders()}
    for number in range(orders):
        desk.signal(outcome_index=number % 2)
    trips = RoundTrips()
    with trips.counted(seconds_more):
        began, worked = time.perf_counter(), time.process_time()
        report = desk.execute()
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
    made = [row for row in desk.orders() if row["lt_order_id"] not in before]
    placed = sum(report.orders.values())
    if placed == 0 or report.failures:
        raise SystemExit(f"expected orders, got {report}")
    sent = [row for row in made if row["sent_at"] is not None and row["answered_at"] is not None]
    entered = max(row["answered_at"] for row in sent) - min(row["decided_at"] for row in sent)
    waits = [(row["sent_at"] - row["decided_at"]).total_seconds() * 1000 for row in sent]
    # What is under way settles, so that the next run begins as this one did.
    time.sleep(SETTLES_WITHIN_SECONDS)
    desk.execute()
    return Rate(
        entering=placed / entered.total_seconds(),
        whole_run=placed / seconds,
        round_trips=trips.count / placed,
        busy=worked / placed * 1000,
        waits=(statistics.median(waits), statistics.quantiles(waits, n=20)[-1]),
        orders=placed,
    )


def _bare_rate(desk: LiveDesk, batch: int) -> float:
    account, signed = _signed_by_hand(desk)
    began = time.perf_counter()
    answers = [answer for start in range(0, ORDERS, batch) for answer in account.post(signed[start : start + batch])]
    seconds = time.perf_counter() - began
    if not all(isinstance(each, Accepted) for each in answers):
        raise SystemExit(f"expected orders of the bare client, got {answers}")
    return ORDERS / seconds


def _signed_by_hand(desk: LiveDesk) -> tuple[VenueAccount, list[SignedOrder]]:
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        market = markets.by_condition(transaction, [desk.market["condition_id"]])[desk.market["condition_id"]]
    account = desk.parts.account(wallet)
    plan = plan_marketable_buy(
        market=market, outcome_index=0, limit_price=MOST_FOR_ONE, stake=Usd(6), order_type=OrderType.FAK
    )
    if not isinstance(plan, OrderPlan):
        raise SystemExit(f"no order to post: {plan}")
    return account, [account.sign(plan) for _ in range(ORDERS)]


if __name__ == "__main__":
    sys.exit(main())
