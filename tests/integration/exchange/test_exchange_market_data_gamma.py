"""Gamma's wire form: encoded lists, repeated keys, stages of resolution, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration

UNKNOWN = {"slug": "from-the-future", "question": "Which protocol is this?", "version": "v9"}
UNSTATED = {"slug": "unstated", "question": "No protocol stated", "version": None}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    with running_exchange(
        tmp_path_factory.mktemp("exchange"), markets=2, extra_markets=[UNKNOWN, UNSTATED]
    ) as exchange:
        yield exchange


def _get(exchange: RunningExchange, path: str, params: Any = None) -> Any:
    return exchange.http.get(exchange.gamma_url + path, params=params).json()


def _market(exchange: RunningExchange, condition_id: str) -> dict[str, Any]:
    """The one market with this id, open or closed."""
    found = [
        market
        for closed in ("false", "true")
        for market in _get(exchange, "/markets/keyset", {"condition_ids": condition_id, "closed": closed})["markets"]
    ]
    assert len(found) == 1
    return dict(found[0])


def test_lists_inside_a_market_are_json_text(exchange: RunningExchange) -> None:
    recorded = exchange.replay()["markets"][0]

    market = _market(exchange, recorded["condition_id"])

    assert json.loads(market["clobTokenIds"]) == recorded["token_ids"]
    assert json.loads(market["outcomes"]) == ["Up", "Down"]
    assert sum(float(price) for price in json.loads(market["outcomePrices"])) == pytest.approx(1)
    assert market["positionIds"] is None
    assert market["version"] == "v1"
    assert market["feeSchedule"] == {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2}
    assert market["events"][0]["slug"] == recorded["slug"]


def test_a_repeated_key_names_several_markets_and_a_bracketed_key_is_ignored(
    exchange: RunningExchange,
) -> None:
    exchange.advance_to(max(exchange.now_ms(), exchange.replay()["markets"][1]["start_ms"] - 600_000))
    ids = [market["condition_id"] for market in exchange.replay()["markets"]]

    several = _get(exchange, "/markets/keyset", [("condition_ids", condition_id) for condition_id in ids])
    bracketed = _get(exchange, "/markets/keyset", {"condition_ids[]": ids[0]})
    by_token = _get(exchange, "/markets/keyset", {"clob_token_ids": exchange.replay()["markets"][0]["token_ids"][1]})

    assert [market["conditionId"] for market in several["markets"]] == ids
    assert len(bracketed["markets"]) == 4
    assert [market["conditionId"] for market in by_token["markets"]] == ids[:1]


def test_a_market_appears_when_its_book_does(exchange: RunningExchange) -> None:
    second = exchange.replay()["markets"][1]
    if exchange.now_ms() < second["start_ms"] - 1_000_000:
        assert _get(exchange, "/markets/keyset", {"condition_ids": second["condition_id"]})["markets"] == []

    exchange.advance_to(max(exchange.now_ms(), second["start_ms"] - 600_000))

    assert _market(exchange, second["condition_id"])["acceptingOrders"]


def test_a_market_goes_from_open_to_requested_to_proposed_to_resolved(tmp_path: Path) -> None:
    with running_exchange(tmp_path, markets=1, traders=0) as exchange:
        (recorded,) = exchange.replay()["markets"]
        seen = []
        for seconds in (-60, 1, 31, 125):
            exchange.advance_to(recorded["end_ms"] + seconds * 1000)
            market = _market(exchange, recorded["condition_id"])
            on_chain = _payouts_on_chain(exchange, recorded["condition_id"])
            seen.append((market.get("umaResolutionStatus"), market["closed"], on_chain))

    unresolved = [0, 0]
    assert seen == [
        (None, False, unresolved),
        ("requested", False, unresolved),
        ("proposed", False, unresolved),
        ("resolved", True, recorded["payouts"]),
    ]
    assert json.loads(market["umaResolutionStatuses"]) == ["requested", "proposed", "resolved"]
    assert [float(price) for price in json.loads(market["outcomePrices"])] == recorded["payouts"]
    assert market["closedTime"].endswith("+00")


def _payouts_on_chain(exchange: RunningExchange, condition_id: str) -> list[int]:
    """`payoutNumerators` of the ConditionalTokens contract, by plain JSON-RPC."""
    answers = []
    for index in (0, 1):
        data = "0x0504c814" + condition_id.removeprefix("0x") + f"{index:064x}"
        call = {"to": "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045", "data": data}
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
        answers.append(int(exchange.http.post(exchange.chain.rpc_url, json=body).json()["result"], 16))
    return answers


def test_a_version_nobody_knows_is_passed_on_as_it_is(exchange: RunningExchange) -> None:
    markets = {
        market["slug"]: market
        for market in _get(exchange, "/markets", [("slug", "from-the-future"), ("slug", "unstated")])
    }

    assert markets["from-the-future"]["version"] == "v9"
    assert "version" not in markets["unstated"]


def test_tags_come_with_a_market_only_when_they_are_asked_for(exchange: RunningExchange) -> None:
    slug = exchange.replay()["markets"][0]["slug"]

    plain = _get(exchange, f"/markets/slug/{slug}")
    tagged = _get(exchange, f"/markets/slug/{slug}", {"include_tag": "true"})

    assert "tags" not in plain
    assert {tag["label"] for tag in tagged["tags"]} >= {"Crypto", "Bitcoin"}
    assert plain["category"] == "Crypto"


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/markets/keyset", {"offset": "5"}, 422),
        ("/markets/keyset", {"after_cursor": "rubbish"}, 422),
        ("/markets/keyset", {"closed": "maybe"}, 422),
        ("/markets/keyset", {"order": "luck"}, 422),
        ("/markets", {"offset": "2001"}, 422),
        ("/markets/987654", {}, 404),
        ("/markets/slug/no-such-market", {}, 404),
        ("/nothing", {}, 404),
    ],
)
def test_a_wrong_question_gets_a_clear_error(
    exchange: RunningExchange, path: str, params: dict[str, str], status: int
) -> None:
    response = exchange.http.get(exchange.gamma_url + path, params=params)

    assert response.status_code == status
    assert response.json()["error"]


def test_armed_faults_strike_gamma_too(exchange: RunningExchange) -> None:
    exchange.arm("server_error", endpoint="/markets/keyset", count=1)
    exchange.arm("rate_limited", endpoint="/markets/keyset", count=1, seconds=7)

    answers = [exchange.http.get(exchange.gamma_url + "/markets/keyset") for _ in range(3)]

    assert sorted(answer.status_code for answer in answers) == [200, 429, 500]
    assert next(a for a in answers if a.status_code == 429).headers["Retry-After"] == "7"
