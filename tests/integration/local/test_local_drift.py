"""Drift: nothing is found where the venue answers as it did, and each thing that changed is found by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from live_trading.polymarket.wire.http_questions import QueryItems
from live_trading.polymarket.wire.json_text import parse_json, raw_text
from live_trading.wiring.chance import SYSTEM
from live_trading.wiring.composition import Parts
from live_trading.wiring.settings import read_settings
from local.drift.__main__ import NOT_ON_THE_LOCAL_CHAIN, main, template_environment
from local.drift.contracts import check_addresses, check_code
from local.drift.findings import ExitStatus, Report
from local.drift.recording import check_folder
from local.drift.venue import MOST_QUESTIONS, Hosts, VenueCheck
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.recorded import recorded_folder

pytestmark = pytest.mark.integration

Doctor = Callable[[str, Any], Any]
MINUTE = 60


class DoctoredHosts(Hosts):
    """The venue's answers with one thing changed on their way."""

    doctor: Doctor

    def get(self, host: str, path: str, query: QueryItems = ()) -> object:
        return self._changed(path, super().get(host, path, query))

    def post(self, host: str, path: str, body: object) -> object:
        return self._changed(path, super().post(host, path, body))

    def _changed(self, path: str, answer: object) -> object:
        return self.doctor(path, parse_json(raw_text(answer)))


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """A venue some minutes into its replay: trades are listed and books are quoted."""
    with running_exchange(tmp_path_factory.mktemp("drift"), markets=1) as running:
        running.advance(10 * MINUTE)
        yield running


@pytest.fixture(scope="module")
def environment(exchange: RunningExchange) -> dict[str, str]:
    return template_environment() | {
        "CLOB_URL": exchange.clob_url,
        "GAMMA_URL": exchange.gamma_url,
        "DATA_API_URL": exchange.data_url,
        "GEOBLOCK_URL": exchange.geoblock_url,
        "RPC_URL": exchange.chain.rpc_url,
    }


def looked(environment: dict[str, str], doctor: Doctor | None = None) -> Report:
    """What one look at the venue finds."""
    endpoints, report = Parts(environment).endpoints, Report()
    hosts = Hosts(endpoints, SYSTEM) if doctor is None else DoctoredHosts(endpoints, SYSTEM)
    if isinstance(hosts, DoctoredHosts) and doctor is not None:
        hosts.doctor = doctor
    VenueCheck(hosts, environment["GEOBLOCK_URL"], report).run()
    hosts.close()
    assert hosts.asked <= MOST_QUESTIONS
    return report


def found(report: Report) -> list[str]:
    return sorted(str(each) for each in report.findings)


def test_nothing_is_found_against_the_venue_that_the_parsers_were_written_for(environment: dict[str, str]) -> None:
    report = looked(environment)

    assert (found(report), report.unreachable) == ([], [])
    assert {"clob.book", "clob.clob-markets", "data.trades", "data.positions", "gamma.markets"} <= set(report.looked_at)
    assert report.status is ExitStatus.FITS


def rows_of(answer: Any, name: str) -> list[dict[str, Any]]:
    return answer.get(name) or [] if isinstance(answer, dict) and isinstance(answer.get(name), list) else []


def renamed(name: str, to: str, path: str) -> Doctor:
    def doctor(asked: str, answer: Any) -> Any:
        if asked == path:
            for row in [*rows_of(answer, "data"), *rows_of(answer, "markets")]:
                if name in row:
                    row[to] = row.pop(name)
        return answer

    return doctor


def with_value(name: str, value: object, path: str) -> Doctor:
    def doctor(asked: str, answer: Any) -> Any:
        if asked == path:
            for row in [answer, *rows_of(answer, "data"), *rows_of(answer, "markets")]:
                if isinstance(row, dict) and name in row:
                    row[name] = value
        return answer

    return doctor


@pytest.mark.parametrize(
    ("doctor", "finding"),
    [
        (
            renamed("transaction_hash", "tx_hash", "/v2/trades"),
            "data.trades  transaction_hash: missing",
        ),
        (
            renamed("orderPriceMinTickSize", "orderPriceMinimumTickSize", "/markets/keyset"),
            "gamma.markets  orderPriceMinTickSize: missing, perhaps now orderPriceMinimumTickSize",
        ),
        (with_value("version", "v3", "/markets/keyset"), "gamma.markets  version: a value that no table has: v3"),
        (with_value("version", 3, "/version"), "clob.version  version: a value that no table has: 3"),
        (with_value("side", "LONG", "/v2/trades"), "data.trades  side: a value that no table has: LONG"),
        (with_value("minimum_tick_size", None, "/tick-size"), "clob.tick-size  minimum_tick_size: "),
        (with_value("blocked", "no", "/api/geoblock"), "geoblock  blocked: true or false is expected"),
    ],
)
def test_a_doctored_answer_gives_that_finding_and_no_other(
    environment: dict[str, str], doctor: Doctor, finding: str
) -> None:
    def everywhere(path: str, answer: Any) -> Any:
        return doctor("/api/geoblock" if path.endswith("/api/geoblock") else path, answer)

    report = looked(environment, everywhere)

    assert {each.partition(": Input")[0][: len(finding)] for each in found(report)} == {finding}
    assert report.status is ExitStatus.FINDINGS


def test_a_field_that_nobody_reads_is_told_and_is_no_finding(environment: dict[str, str]) -> None:
    def doctor(path: str, answer: Any) -> Any:
        for row in rows_of(answer, "data") if path == "/v2/trades" else []:
            row["colour"] = "blue"
        return answer

    report = looked(environment, doctor)

    assert found(report) == []
    assert "data.trades  colour: a field that nobody reads" in {str(each) for each in report.notes}


def test_contracts_and_addresses_fit_and_a_wrong_one_is_named(environment: dict[str, str]) -> None:
    report, moved = Report(), Report()
    elsewhere = "0x" + "12" * 20

    check_code(read_settings(environment), report, not_there=NOT_ON_THE_LOCAL_CHAIN)
    check_addresses(Parts(environment).endpoints, report)
    wrong = environment | {"CTF_COLLATERAL_ADAPTER": elsewhere}
    check_code(read_settings(wrong), moved, not_there=NOT_ON_THE_LOCAL_CHAIN)
    check_addresses(Parts(wrong).endpoints, moved)

    assert (found(report), report.unreachable) == ([], [])
    assert [each.split(",")[0] for each in found(moved)] == [
        f"contracts  ctf_collateral_adapter: no code at {elsewhere}",
        f"parameters  collateral_adapter: {elsewhere} here",
    ]


def test_code_without_a_function_that_we_call_is_a_finding(environment: dict[str, str]) -> None:
    report = Report()
    other = environment | {"CTF_COLLATERAL_ADAPTER": environment["COLLATERAL_TOKEN"]}

    check_code(read_settings(other), report, not_there=NOT_ON_THE_LOCAL_CHAIN)

    assert {each.rpartition(" ")[2] for each in found(report)} == {
        "redeemPositions(address,bytes32,bytes32,uint256[])",
        "mergePositions(address,bytes32,bytes32,uint256[],uint256)",
    }


def test_a_venue_that_cannot_be_reached_is_no_finding_and_no_pass(environment: dict[str, str]) -> None:
    nowhere = dict.fromkeys(("CLOB_URL", "GAMMA_URL", "DATA_API_URL", "GEOBLOCK_URL"), "http://127.0.0.1:1")

    report = looked(environment | nowhere)

    assert found(report) == []
    assert report.status is ExitStatus.UNREACHABLE


def test_recorded_answers_are_read_as_what_they_are() -> None:
    report = Report()

    check_folder(recorded_folder(), report)

    assert found(report) == []
    assert report.looked_at["data.trades"] == 500
    assert report.looked_at["gamma.markets"] == 71


def test_a_doctored_recording_is_found_by_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tick.json").write_text(json.dumps({"minimum_tick_size": "fine"}))

    status = main(["--data", str(tmp_path)])

    assert status == ExitStatus.FINDINGS
    assert "clob.tick-size (tick.json)  minimum_tick_size: " in capsys.readouterr().out
    assert main(["--data", str(tmp_path / "nothing")]) == ExitStatus.UNREACHABLE
