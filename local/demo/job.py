"""The steps of the main job on a stack that is up: create what trades, walk through the replay, read the outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from live_trading.store.database.connection import Database
from local.demo import scenario
from local.demo.api import ApiClient
from local.demo.comparison import Line, compare
from local.demo.facts import Facts, read_facts
from local.machine.patience import HANG_SECONDS
from local.machine.processes import PartFailed
from local.stack.assembly import StackFacts

SLICE_MS = 15 * 60_000
# How long the venue does not know a new API key everywhere.
API_KEY_LAG_SECONDS = 120
# The recorded markets take these in turn, so that every kind of contract is traded and redeemed.
MARKET_KINDS = ("standard", "neg_risk", "v2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What will be replayed: addresses of the scripted traders, slugs of the recorded markets, milliseconds."""

    traders: tuple[str, ...]
    markets: tuple[str, ...]
    start_ms: int
    end_ms: int


def create(stack: StackFacts) -> Replay:
    """Creates FT wallets and LT strategies through the API, once the venue knows the wallet's key.

    Returns the replay that they will see. Raises ApiRefused.
    """
    told = httpx.get(f"{stack.control_url}/replay", timeout=HANG_SECONDS).raise_for_status().json()
    keys_work_ms = told["start_ms"] + told["keys_work_after_ms"]
    httpx.post(f"{stack.host_url}/tick", json={"to_ms": keys_work_ms}, timeout=600).raise_for_status()
    replay = Replay(
        traders=tuple(trader["address"] for trader in told["traders"]),
        markets=tuple(market["slug"] for market in told["markets"]),
        start_ms=told["start_ms"],
        end_ms=told["end_ms"],
    )
    scenario.create(
        ApiClient(stack.front_door_url, stack.operator_token),
        traders=list(replay.traders),
        wallet_address=stack.wallet_address,
        secret_name=stack.wallet_secret_name,
    )
    return replay


def walk(stack: StackFacts, start_ms: int, end_ms: int, say: Callable[[int, int], None]) -> None:
    """Steps through the replay; the scheduler fires everything that is due on the way.

    `say` is told the time reached and how many invocations failed in the step. Raises PartFailed where a part of the
    stack has died.
    """
    at_ms = start_ms
    with httpx.Client(timeout=600) as http:
        while at_ms < end_ms:
            at_ms = min(at_ms + SLICE_MS, end_ms)
            answer = http.post(f"{stack.host_url}/tick", json={"to_ms": at_ms})
            if answer.is_error:
                raise PartFailed(f"the scheduler stopped: {answer.text}")
            failed = int(answer.json()["failed"])
            say(at_ms, failed)
            if failed:
                stack.check()


def outcome(stack: StackFacts) -> tuple[Facts, list[Line]]:
    """What the database says happened, and the comparison of ledger, venue and chain."""
    database = Database(stack.connect)
    facts = read_facts(database)
    with database.transaction() as transaction:
        wallet = transaction.only(
            "SELECT trading_wallet_id FROM trading_wallets WHERE address = :address", address=stack.wallet_address
        )
    lines = compare(
        database=database,
        chain=stack.chain_reader(),
        venue_account=httpx.get(f"{stack.control_url}/accounts/{stack.wallet_address}", timeout=HANG_SECONDS)
        .raise_for_status()
        .json(),
        trading_wallet_id=wallet["trading_wallet_id"],
        address=stack.wallet_address,
    )
    database.close()
    return facts, lines
