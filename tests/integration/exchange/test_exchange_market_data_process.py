"""The exchange as a process: control port, geoblock, free running, a clean end, ports that are taken."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.chain import LocalChain
from local.machine.patience import HANG_SECONDS
from local.machine.ports import HeldPorts
from tests.integration.exchange_fixtures import (
    PORT_NAMES,
    RunningExchange,
    exchange_process,
    running_exchange,
    start_process,
)

pytestmark = pytest.mark.integration

BOUGHT_EXTRA = {
    "slug": "bought-extra",
    "question": "A market that a trader buys",
    "version": "v2",
    "bought_after_seconds": 30,
    "price": "0.4",
    "shares": "25",
}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    with running_exchange(tmp_path_factory.mktemp("exchange"), markets=1, extra_markets=[BOUGHT_EXTRA]) as exchange:
        yield exchange


def test_the_replay_stands_still_until_it_is_advanced(exchange: RunningExchange) -> None:
    first = exchange.control("GET", "/clock")
    exchange.advance(1.5)
    second = exchange.control("GET", "/clock")

    assert first["speed"] == 0
    assert second["now_ms"] - first["now_ms"] == 1_500
    assert second["now"].endswith("Z")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/clock/advance", {"to_ms": 5}, 409),
        ("POST", "/clock/advance", {}, 422),
        ("POST", "/clock/advance", {"to_ms": 1, "seconds": 1}, 422),
        ("POST", "/clock/advance", {"seconds": -1}, 422),
        ("PUT", "/clock", {"speed": -1}, 422),
        ("PUT", "/clock", {"pace": 1}, 422),
        ("POST", "/faults", {"kind": "bad_luck"}, 422),
        ("POST", "/faults", {"kind": "delayed", "count": 0}, 422),
    ],
)
def test_a_wrong_command_is_refused_and_changes_nothing(
    exchange: RunningExchange, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    before = exchange.control("GET", "/clock")

    response = exchange.http.request(method, exchange.control_url + path, json=body)

    assert response.status_code == status
    assert response.json()["error"]
    assert exchange.control("GET", "/clock") == before


def test_the_replay_says_what_is_in_it(exchange: RunningExchange) -> None:
    replay = exchange.replay()

    (market,) = replay["markets"]
    assert replay["start_ms"] < market["start_ms"] < market["end_ms"] < replay["end_ms"]
    assert len(market["token_ids"]) == 2
    assert all(trader["synthetic"] for trader in replay["traders"])


def test_faults_are_listed_counted_down_and_cleared(exchange: RunningExchange) -> None:
    exchange.arm("rate_limited", endpoint="/v2/trades", count=2)
    exchange.http.get(exchange.data_url + "/v2/trades")

    (fault,) = exchange.control("GET", "/faults")["faults"]
    exchange.clear_faults()

    assert (fault["kind"], fault["remaining"]) == ("rate_limited", 1)
    assert exchange.control("GET", "/faults")["faults"] == []


def test_geoblock_turns_with_its_fault(exchange: RunningExchange) -> None:
    is_open = exchange.http.get(exchange.geoblock_url).json()
    exchange.arm("geoblocked")
    blocked = exchange.http.get(exchange.geoblock_url).json()
    exchange.clear_faults()

    assert is_open["blocked"] is False
    assert blocked["blocked"] is True
    assert set(blocked) == {"blocked", "ip", "country", "region"}


def test_a_trade_in_an_extra_market_is_on_the_feed(exchange: RunningExchange) -> None:
    exchange.advance_to(max(exchange.now_ms(), exchange.replay()["start_ms"] + 150_000))
    trader = exchange.replay()["traders"][0]["address"]

    rows = exchange.http.get(exchange.data_url + "/v2/trades", params={"user": trader, "limit": 20}).json()

    (row,) = [row for row in rows["data"] if row["slug"] == "bought-extra"]
    assert (row["price"], row["size"], row["side"]) == (0.4, 25, "BUY")


def test_no_venue_orders_and_an_empty_account_at_the_start(exchange: RunningExchange) -> None:
    nobody = "0x" + "34" * 20

    account = exchange.control("GET", f"/accounts/{nobody}")

    assert exchange.control("GET", "/orders") == {"orders": []}
    assert float(account["collateral_usd"]) == 0
    assert (account["positions"], account["orders"], account["trades"]) == ({}, [], [])


def test_answers_share_one_connection_and_are_quick(exchange: RunningExchange) -> None:
    paths = ["/v2/status", "/v2/trades?limit=10&taker_only=false", "/v2/trades?limit=10"]
    for path in paths:
        exchange.http.get(exchange.data_url + path)
    streams = set()
    seconds = []
    for _ in range(20):
        for path in paths:
            started = time.perf_counter()
            response = exchange.http.get(exchange.data_url + path)
            seconds.append(time.perf_counter() - started)
            streams.add(response.extensions["network_stream"].get_extra_info("client_addr"))

    assert len(streams) == 1
    # far under the 40 ms that a delayed acknowledgement would cost every answer
    assert sorted(seconds)[len(seconds) // 2] < 0.02


def test_free_running_follows_real_time_at_its_speed(exchange: RunningExchange) -> None:
    before, began = exchange.now_ms(), time.monotonic()
    exchange.control("PUT", "/clock", json={"speed": 100})
    deadline = began + 20
    while exchange.now_ms() < before + 20_000:
        assert time.monotonic() < deadline, "the replay does not move"
    exchange.control("PUT", "/clock", json={"speed": 0})
    elapsed_s = time.monotonic() - began

    stopped = exchange.now_ms()
    assert stopped - before <= elapsed_s * 100 * 1000 + 100
    assert exchange.now_ms() == stopped


def test_sigterm_ends_it_cleanly_even_while_it_runs_freely(tmp_path: Path, exchange: RunningExchange) -> None:
    with exchange_process(tmp_path, exchange.chain, {"markets": 1, "traders": 1, "start_paused": False}) as other:
        assert other.control("GET", "/clock")["speed"] == 1
        other.process.send_signal(signal.SIGTERM)
        _, said = other.process.communicate(timeout=HANG_SECONDS)

    assert other.process.returncode == 0
    assert said == ""


def test_a_port_that_is_taken_is_named(tmp_path: Path, exchange: RunningExchange) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, HeldPorts() as held:
        ports = {name: held.any() for name in PORT_NAMES} | {"gamma": taken.getsockname()[1]}
        said, code = _failed_start(tmp_path, exchange.chain, {"ports": ports})

    assert code == 2
    assert f"port {ports['gamma']} for gamma" in said


def test_a_configuration_with_an_unknown_key_is_refused(tmp_path: Path, exchange: RunningExchange) -> None:
    ports = {name: 1_024 + ordinal for ordinal, name in enumerate(PORT_NAMES)}

    said, code = _failed_start(tmp_path, exchange.chain, {"ports": ports, "market": 3})

    assert code == 2
    assert "market" in said


def _failed_start(directory: Path, chain: LocalChain, settings: dict[str, Any]) -> tuple[str, int]:
    process = start_process(directory, {"rpc_url": chain.rpc_url} | settings)
    _, said = process.communicate(timeout=HANG_SECONDS)
    return said, process.returncode
