"""`make run`: the main job from nothing to the report, on the one-machine stack.

Exit status 0 only if ledger, venue and chain agree to 1e-6 and at least one trade went the whole way.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx

from live_trading.store.database.connection import StoreUnavailable
from local.console.progress import Progress, measured
from local.demo import job, report, scenario
from local.demo.api import ApiRefused
from local.machine.processes import PartFailed
from local.stack.assembly import FRONT_DOOR_PORT, Stack, StackFacts
from local.stack.facts import DEFAULT_DIRECTORY


def main() -> int:
    """Runs the job and says what happened."""
    options = _options()
    began = time.monotonic()
    stack = Stack(
        directory=options.directory,
        markets=options.markets,
        seed=options.seed,
        front_door_port=options.port or None,
        exchange_options={"lags": {"api_key": job.API_KEY_LAG_SECONDS}, "kinds": list(job.MARKET_KINDS)},
        stepped=True,
    )
    try:
        with ExitStack() as opened:
            with measured("make run: the stack", "starting the stack"):
                facts = opened.enter_context(stack)
            status = _run_whole(facts, began, options.directory / "summary.json")
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
    parser.add_argument(
        "--port", type=int, default=FRONT_DOOR_PORT, help="the front door's, or the next that is free; 0 takes any"
    )
    parser.add_argument(
        "--directory", type=Path, default=DEFAULT_DIRECTORY, help="where the stack keeps its logs and its report"
    )
    return parser.parse_args()


def _run_whole(stack: StackFacts, began: float, summary: Path) -> int:
    """The run, where a part that died in the middle is named in place of what met its silence."""
    try:
        return _run(stack, began, summary)
    except (httpx.HTTPError, StoreUnavailable) as error:
        stack.check()
        raise PartFailed(f"the run stopped: {error}") from error


def _run(stack: StackFacts, began: float, summary: Path) -> int:
    up_after = time.monotonic() - began
    print(f"The stack is up after {up_after:.1f} s; the front door is {stack.front_door_url}", flush=True)
    replay = job.create(stack)
    print(
        f"{len(replay.markets)} recorded markets, {len(replay.traders)} scripted traders, "
        f"{len(scenario.PAPER_WALLETS)} FT wallets, {len(scenario.LIVE_STRATEGIES)} LT strategies",
        flush=True,
    )
    with measured(f"make run: {len(replay.markets)} markets", "replaying") as progress:
        job.walk(stack, replay.start_ms, replay.end_ms, _telling(progress, replay.start_ms, replay.end_ms))
    facts, lines = job.outcome(stack)
    seconds = time.monotonic() - began
    print("\n" + report.text(facts, lines, seconds))
    report.write_summary(summary, facts, lines, seconds)
    print(f"\nThe same as JSON: {_shown(summary)}. Logs: {_shown(summary.parent / 'logs')}", flush=True)
    if report.agrees(facts, lines):
        return 0
    print("Ledger, venue and chain do not agree, or no trade went the whole way.", file=sys.stderr)
    return 1


def _telling(progress: Progress, start_ms: int, end_ms: int) -> Callable[[int, int], None]:
    failures = 0

    def say(at_ms: int, failed: int) -> None:
        nonlocal failures
        failures += failed
        clock = time.strftime("%H:%M", time.gmtime(at_ms / 1000))
        note = f", {failures} invocations failed" if failures else ""
        progress.tell((at_ms - start_ms) / (end_ms - start_ms), f"it is {clock} UTC{note}")

    return say


def _shown(path: Path) -> Path:
    """Below the working directory where it is there."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _keep(stack: StackFacts) -> None:
    print("\nThe stack stays up until Ctrl-C, or `make stop` in any shell:")
    for name, value in stack.addresses().items():
        print(f"  {name:<14} {value}")
    print("\nTry:")
    print(f"  curl -H 'authorization: Bearer {stack.operator_token}' {stack.front_door_url}/api/lt/strategies")
    print("  make status")
    print("  make invoke FUNCTION=health")
    print("\nA token for a machine, which is an owner of its own; it lasts an hour:")
    print(f"  curl -u {stack.machine_client_id}:{stack.machine_secret} {stack.token_url} \\")
    print("    -d grant_type=client_credentials -d 'scope=read trade'", flush=True)
    try:
        stack.wait()
    except SystemExit:
        # To be told to stop is how it ends.
        print("\nStopped.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
