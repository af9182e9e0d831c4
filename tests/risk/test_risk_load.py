"""Many workers enter, fill, cancel and sell at once on a real Postgres: no limit is passed at any instant.

Lasts RISK_LOAD_SECONDS, a minute unless the environment says otherwise. What is checked is the ledger's own history,
transaction by transaction, and not what the workers were told.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.errors import LiveTradingError
from live_trading.wiring.database import database_of
from tests.builders import ALICE, BOB
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk_load]

WORKERS = 16
SECONDS = float(os.environ.get("RISK_LOAD_SECONDS", "60"))
# The desk's clock runs so much faster than the workers', so that rates a minute are reached and over again.
FASTER = 20
LIMITS: list[dict[str, Any]] = [
    {
        "shrink_to_fit": True,
        "max_total_exposure_usd": 300,
        "max_position_usd": 60,
        "max_concurrent_positions": 6,
        "max_wallet_exposure_usd": 450,
        "daily_budget_usd": 30_000,
        "max_orders_per_minute": 120,
    },
    {"max_total_exposure_usd": 250, "max_order_usd": 40, "max_market_exposure_usd": 80, "daily_budget_usd": 2_000},
    {"shrink_to_fit": True, "max_position_usd": 45, "max_concurrent_positions": 4, "max_wallet_exposure_usd": 400},
    {"shrink_to_fit": True, "max_total_exposure_usd": 200, "max_market_exposure_usd": 50},
]


@dataclass(slots=True)
class Tally:
    """What all workers did together."""

    reasons: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def test_no_limit_is_passed_at_any_instant_by_sixteen_workers(
    risk_desk: RiskDesk, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = risk_desk.add_wallet(), risk_desk.add_wallet()
    seats = [
        risk_desk.add_strategy(wallet, **limits)
        for wallet, limits in zip((first, first, second, second), LIMITS, strict=True)
    ]
    tally, stop = Tally(), threading.Event()
    workers = [
        threading.Thread(target=work, args=(number, risk_desk, seats, database_url, tally, stop))
        for number in range(WORKERS)
    ]
    began, noon = time.monotonic(), risk_desk.now
    for worker in workers:
        worker.start()
    while time.monotonic() - began < SECONDS:
        stop.wait(0.05)
        risk_desk.now = noon + timedelta(seconds=(time.monotonic() - began) * FASTER)
    stop.set()
    for worker in workers:
        worker.join()

    checked = sum(check_history(risk_desk, seat) for seat in seats)
    check_wallets(risk_desk, seats)
    decided = sum(tally.reasons.values())
    with capsys.disabled():
        print(f"\n{decided} entries decided in {SECONDS:.0f} s by {WORKERS} workers, {decided / SECONDS:.0f} a second:")
        print(f"{dict(tally.reasons)}; {checked} ledger transactions checked")
    assert tally.errors == []
    assert tally.reasons[Reason.ACCEPTED] > WORKERS
    assert tally.reasons[Reason.RISK_REJECTED] > 0


def work(
    number: int, desk: RiskDesk, seats: list[Seat], database_url: str, tally: Tally, stop: threading.Event
) -> None:
    """One worker: a connection of its own, and random entries of which some fill, some end, and some are sold."""
    chance = random.Random(number)
    database = database_of(database_url, application_name=f"worker {number}")
    while not stop.is_set():
        seat = chance.choice(seats)
        market, outcome = chance.randrange(8), chance.randrange(2)
        try:
            entered = desk.enter(
                seat,
                f"{chance.uniform(3, 90):.2f}",
                market=market,
                outcome=outcome,
                trader=chance.choice((ALICE, BOB)),
                database=database,
            )
            if entered.lt_order_id is not None:
                desk.fill(entered.lt_order_id, chance.choice(("0", "0.5", "1")), database=database)
            if chance.random() < 0.6:
                desk.sell(
                    seat, f"{chance.uniform(1, 60):.2f}", "0.50", market=market, outcome=outcome, database=database
                )
        except LiveTradingError as error:
            with tally.lock:
                tally.errors.append(f"{type(error).__name__}: {error}")
            continue
        with tally.lock:
            tally.reasons[entered.reason] += 1
    database.close()


_HISTORY = """
SELECT
    booked.ledger_transaction_id AS id, booked.kind, booked.source_reference, entry.lt_strategy_id, entry.account,
    entry.token_id, entry.amount_usd, entry.shares, intent.token_id AS order_token, intent.condition_id
FROM ledger_transactions AS booked
INNER JOIN ledger_entries AS entry USING (ledger_transaction_id)
LEFT JOIN lt_orders AS intent ON intent.lt_order_id::text = split_part(booked.source_reference, ':', 2)
    AND booked.kind IN ('RESERVATION', 'RELEASE')
ORDER BY booked.ledger_transaction_id, entry.ledger_entry_id
"""


def check_history(desk: RiskDesk, seat: Seat) -> int:
    """Every limit of one strategy after each of its ledger transactions; how many there were."""
    rules, strategy = seat.strategy.rules, seat.strategy.lt_strategy_id
    sums: dict[str, Decimal] = defaultdict(Decimal)
    at_stake: dict[str, Decimal] = defaultdict(Decimal)
    shares: dict[str, Decimal] = defaultdict(Decimal)
    reserved: dict[str, Decimal] = defaultdict(Decimal)
    spent = Decimal(0)
    markets = {token: number for number in range(10) for token in desk.market(number).token_ids}
    tokens = {row["order_hash"]: row["token_id"] for row in desk.rows("SELECT order_hash, token_id FROM lt_orders")}
    transactions = grouped([row for row in desk.rows(_HISTORY) if row["lt_strategy_id"] == strategy])
    for entries in transactions:
        for row in entries:
            sums[row["account"]] += row["amount_usd"]
            if row["account"] == "RESERVED":
                token = row["order_token"] or tokens[row["source_reference"].split(":")[-1]]
                reserved[token] += row["amount_usd"]
                at_stake[token] += row["amount_usd"]
            if row["account"] == "POSITION_COST":
                at_stake[row["token_id"]] += row["amount_usd"]
                shares[row["token_id"]] += row["shares"]
            if row["kind"] in ("RESERVATION", "RELEASE") and row["account"] == "RESERVED":
                spent += row["amount_usd"]
        by_market: dict[int, Decimal] = defaultdict(Decimal)
        for token, usd in at_stake.items():
            by_market[markets[token]] += usd
        held = {token for token, count in shares.items() if count} | {token for token, usd in reserved.items() if usd}
        assert sums["CASH"] >= 0
        within(sums["RESERVED"] + sums["POSITION_COST"], rules.max_total_exposure_usd)
        within(max(at_stake.values(), default=Decimal(0)), rules.max_position_usd)
        within(max(by_market.values(), default=Decimal(0)), rules.max_market_exposure_usd)
        within(spent, rules.daily_budget_usd)
        assert rules.max_concurrent_positions is None or len(held) <= rules.max_concurrent_positions
    return len(transactions)


def check_wallets(desk: RiskDesk, seats: list[Seat]) -> None:
    """The exposure of all strategies of a wallet, and entries a minute, at the instant of each entry."""
    wallet_of = {seat.strategy.lt_strategy_id: seat.strategy.trading_wallet_id for seat in seats}
    limits: dict[UUID, Decimal] = {}
    for seat in seats:
        limit = seat.strategy.rules.max_wallet_exposure_usd
        if limit is not None:
            limits[seat.strategy.lt_strategy_id] = limit.value
    exposure: dict[UUID, Decimal] = defaultdict(Decimal)
    for entries in grouped([row for row in desk.rows(_HISTORY) if row["lt_strategy_id"] is not None]):
        for row in entries:
            if row["account"] in ("RESERVED", "POSITION_COST"):
                exposure[wallet_of[row["lt_strategy_id"]]] += row["amount_usd"]
        first = entries[0]
        if first["kind"] == "RESERVATION" and first["lt_strategy_id"] in limits:
            assert exposure[wallet_of[first["lt_strategy_id"]]] <= limits[first["lt_strategy_id"]]
    rate = seats[0].strategy.rules.max_orders_per_minute
    assert rate is not None
    begun = [
        row["intent_at"]
        for row in desk.rows(
            "SELECT intent_at FROM lt_orders "
            f"WHERE lt_strategy_id = '{seats[0].strategy.lt_strategy_id}' ORDER BY intent_at"
        )
    ]
    for place, at in enumerate(begun):
        if place >= rate:
            assert at - begun[place - rate] >= timedelta(minutes=1)


def grouped(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows by their transaction, in the order of transactions."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return list(found.values())


def within(observed: Decimal, limit: Any) -> None:
    assert limit is None or observed <= limit.value
