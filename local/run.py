"""`make run`: the main job from nothing to the report, on the one-machine stack.

Exit status 0 only if ledger, venue and chain agree to 1e-6 and at least one trade went the whole way.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from live_trading.store.database import Database
from local.demo import report, scenario
from local.demo.api import ApiClient, ApiRefused
from local.demo.comparison import Line, compare
from local.demo.facts import Facts, read_facts
from local.processes import PartFailed
from local.stack import Stack, StackFacts

SLICE_MS = 15 * 60_000
MARKETS_TOLD = 3
SUMMARY = Path(".local/run/summary.json")


def main() -> int:
    """Runs the job and says what happened."""
    options = _options()
    began = time.monotonic()
    try:
        with Stack(markets=options.markets, seed=options.seed) as facts:
            status = _run(facts, began)
            if options.keep:
                _keep(facts)
    except (PartFailed, ApiRefused) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description="Runs the main job on the one-machine stack.")
    parser.add_argument("--keep", action="store_true", help="leave the stack up afterwards and print its addresses")
    parser.add_argument("--markets", type=int, default=None, help="replay only the first so many markets (18 in all)")
    parser.add_argument("--seed", type=int, default=1, help="what the scripted traders are made of")
    return parser.parse_args()


def _run(stack: StackFacts, began: float) -> int:
    print(
        f"The stack is up after {time.monotonic() - began:.1f} s; the front door is {stack.front_door_url}", flush=True
    )
    api = ApiClient(stack.front_door_url, stack.operator_token)
    replay = httpx.get(f"{stack.control_url}/replay").raise_for_status().json()
    scenario.create(
        api,
        traders=[trader["address"] for trader in replay["traders"]],
        wallet_address=stack.wallet_address,
        secret_name=stack.wallet_secret_name,
    )
    print(
        f"{len(replay['markets'])} recorded markets, {len(replay['traders'])} scripted traders, "
        f"{len(scenario.PAPER_WALLETS)} FT wallets, {len(scenario.LIVE_STRATEGIES)} LT strategies",
        flush=True,
    )
    _walk(stack, replay["start_ms"], replay["end_ms"])
    facts, lines = _outcome(stack)
    seconds = time.monotonic() - began
    print("\n" + report.text(facts, lines, seconds))
    report.write_summary(SUMMARY, facts, lines, seconds)
    print(f"\nThe same as JSON: {SUMMARY}. Logs: .local/run/logs/", flush=True)
    if report.agrees(facts, lines):
        return 0
    print("Ledger, venue and chain do not agree, or no trade went the whole way.", file=sys.stderr)
    return 1


def _walk(stack: StackFacts, start_ms: int, end_ms: int) -> None:
    """Steps through the replay; the scheduler fires everything that is due on the way."""
    say = _progress(start_ms, end_ms)
    at_ms = start_ms
    with httpx.Client(timeout=600) as http:
        while at_ms < end_ms:
            at_ms = min(at_ms + SLICE_MS, end_ms)
            answer = http.post(f"{stack.host_url}/tick", json={"to_ms": at_ms})
            if answer.is_error:
                raise PartFailed(f"the scheduler stopped: {answer.text}")
            say(at_ms, answer.json())


def _progress(start_ms: int, end_ms: int) -> Callable[[int, dict[str, object]], None]:
    failures = 0

    def say(at_ms: int, answer: dict[str, object]) -> None:
        nonlocal failures
        failed = answer.get("failed", 0)
        failures += failed if isinstance(failed, int) else 0
        share = (at_ms - start_ms) / (end_ms - start_ms)
        clock = time.strftime("%H:%M", time.gmtime(at_ms / 1000))
        note = f", {failures} invocations failed" if failures else ""
        print(f"  replayed to {clock} UTC ({share:4.0%}){note}", flush=True)

    return say


def _outcome(stack: StackFacts) -> tuple[Facts, list[Line]]:
    database = Database(stack.connect)
    facts = read_facts(database)
    with database.transaction() as transaction:
        wallet = transaction.only(
            "SELECT trading_wallet_id FROM trading_wallets WHERE address = :address", address=stack.wallet_address
        )
    lines = compare(
        database=database,
        chain=stack.chain_reader(),
        venue_account=httpx.get(f"{stack.control_url}/accounts/{stack.wallet_address}").raise_for_status().json(),
        trading_wallet_id=wallet["trading_wallet_id"],
        address=stack.wallet_address,
    )
    database.close()
    return facts, lines


def _keep(stack: StackFacts) -> None:
    print("\nThe stack stays up until Ctrl-C:")
    for name, value in stack.addresses().items():
        print(f"  {name:<14} {value}")
    print("\nTry:")
    print(f"  curl -H 'authorization: Bearer {stack.operator_token}' {stack.front_door_url}/api/lt/strategies")
    print("  make invoke FUNCTION=health", flush=True)
    stack.wait()


if __name__ == "__main__":
    sys.exit(main())
