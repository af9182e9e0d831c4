"""From the call of the kill switch to its last cancel at 50 ms answer time, against asking for one cancel a wallet.

Several trading wallets with resting orders; the answer time is added to every request to the CLOB.
"""

from __future__ import annotations

import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import httpx

from benchmarks.lt_execute import desk_with_environment
from benchmarks.order_rate import ANSWER_SECONDS, slow_venue
from live_trading.api.once import Caller
from live_trading.api.routes.live.kill_switch_routes import PullKillSwitch
from live_trading.store.accounts import live_strategies
from local.machine.patience import HANG_SECONDS
from local.stack.assembly import Stack
from tests.e2e.live_fixtures import LiveDesk, beside

WALLETS = 4
ORDERS_A_WALLET = 5


def main() -> int:
    """Prints the seconds and what was cancelled in them."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(directory=Path(directory), front_door_port=None, exchange_options={"traders": 0}) as stack,
    ):
        desk = desk_with_environment(stack)
        desks = [desk, *(beside(desk) for _ in range(WALLETS - 1))]
        httpx.put(f"{stack.control_url}/clock", json={"speed": 1}, timeout=HANG_SECONDS).raise_for_status()
        with slow_venue(stack.clob_url):
            _rest(desk)
            bare = _bare(desks)
            _rest(desk)
            seconds, cancelled = _pulled(desk)
    print(f"{cancelled} resting orders of {WALLETS} wallets at {ANSWER_SECONDS * 1000:.0f} ms answer time")
    print(f"  one cancel-all a wallet, one after the other  {bare:6.2f} s")
    print(f"  kill switch, call to answer                   {seconds:6.2f} s   ratio {seconds / bare:.2f}")
    return 0


def _rest(desk: LiveDesk) -> None:
    """Orders below the market in every wallet."""
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.change("UPDATE locks SET released_at = starts_at, released_by = 'bench', release_kind = 'BY_HAND'")
    for number in range(ORDERS_A_WALLET):
        desk.signal(price=Decimal("0.02") + Decimal(number) / 1000, shares="1000")
    desk.execute()


def _bare(desks: list[LiveDesk]) -> float:
    accounts = []
    for desk in desks:
        with desk.database.transaction() as transaction:
            wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        accounts.append(desk.parts.account(wallet))
    began = time.perf_counter()
    for account in accounts:
        account.cancel_all()
    return time.perf_counter() - began


def _pulled(desk: LiveDesk) -> tuple[float, int]:
    caller = Caller(owner_id="operator", idempotency_key=None, request_hash="", is_admin=True)
    switch = desk.parts.kill_switch("bench")
    began = time.perf_counter()
    answer = switch.pull(caller, PullKillSwitch(reason="a drill"))
    seconds = time.perf_counter() - began
    if answer.status != 200:
        raise SystemExit(f"not all was done: {answer.body}")
    return seconds, len(answer.body["cancelled"])


if __name__ == "__main__":
    sys.exit(main())
