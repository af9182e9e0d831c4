"""The Data API: envelope, cursors, filters, visibility, freshness and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.exchange_fixtures import RunningExchange, running_exchange

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    with running_exchange(tmp_path_factory.mktemp("exchange"), markets=2) as exchange:
        exchange.advance_to(exchange.replay()["markets"][0]["end_ms"])
        yield exchange


def _get(exchange: RunningExchange, path: str, **params: Any) -> Any:
    response = exchange.http.get(exchange.data_url + path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


def _refused(exchange: RunningExchange, path: str, **params: Any) -> dict[str, Any]:
    response = exchange.http.get(exchange.data_url + path, params=params)
    assert response.status_code == 400, response.text
    return dict(response.json())


def _busiest(exchange: RunningExchange) -> str:
    """The trader with the longest past."""
    return str(
        max(
            (trader["address"] for trader in exchange.replay()["traders"]),
            key=lambda address: len(_get(exchange, "/v2/trades", user=address, taker_only="false", limit=1000)["data"]),
        )
    )


def _walk(exchange: RunningExchange, path: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = _get(exchange, path, **params)
    while True:
        rows.extend(page["data"])
        cursor = page["pagination"]["next_cursor"]
        assert page["pagination"]["has_more"] == (cursor is not None)
        if cursor is None:
            return rows
        page = _get(exchange, path, cursor=cursor, **params)


def test_pages_of_trades_make_up_the_whole_newest_first(exchange: RunningExchange) -> None:
    user = _busiest(exchange)

    whole = _get(exchange, "/v2/trades", user=user, taker_only="false", limit=1000)["data"]
    in_steps = _walk(exchange, "/v2/trades", user=user, taker_only="false", limit=37)

    assert len(whole) > 100
    assert in_steps == whole
    times = [row["timestamp"] for row in whole]
    assert times == sorted(times, reverse=True)


def test_a_page_is_as_large_as_the_first_whatever_limit_is_sent_along(exchange: RunningExchange) -> None:
    user = _busiest(exchange)
    first = _get(exchange, "/v2/trades", user=user, limit=5)

    second = _get(exchange, "/v2/trades", user=user, limit=50, cursor=first["pagination"]["next_cursor"])

    assert len(second["data"]) == second["pagination"]["limit"] == 5


def test_a_walk_is_not_disturbed_by_rows_that_come_in_meanwhile(exchange: RunningExchange) -> None:
    first = _get(exchange, "/v2/trades", taker_only="false", limit=10)
    before = _get(exchange, "/v2/trades", taker_only="false", limit=20)["data"][10:]

    exchange.advance(120)
    second = _get(exchange, "/v2/trades", taker_only="false", cursor=first["pagination"]["next_cursor"])

    assert [row for row in second["data"] if row in before] == before


def test_filters_that_are_not_repeated_are_refused(exchange: RunningExchange) -> None:
    user = _busiest(exchange)
    cursor = _get(exchange, "/v2/trades", user=user, taker_only="false", limit=5)["pagination"]["next_cursor"]

    bare = _refused(exchange, "/v2/trades", cursor=cursor)
    narrower = _refused(exchange, "/v2/trades", cursor=cursor, user=user)
    elsewhere = _refused(exchange, "/v2/activity", cursor=cursor, user=user, taker_only="false")

    assert {answer["parameter"] for answer in (bare, narrower, elsewhere)} == {"cursor"}


def test_filters_select_what_they_say(exchange: RunningExchange) -> None:
    user = _busiest(exchange)
    whole = _get(exchange, "/v2/trades", user=user, taker_only="false", limit=1000)["data"]
    middle = whole[len(whole) // 2]["timestamp"]

    sells = _get(exchange, "/v2/trades", user=user, taker_only="false", side="SELL", limit=1000)["data"]
    since = _get(exchange, "/v2/trades", user=user, taker_only="false", start=middle, limit=1000)["data"]
    until = _get(exchange, "/v2/trades", user=user, taker_only="false", end=middle, limit=1000)["data"]
    large = _get(
        exchange, "/v2/trades", user=user, taker_only="false", filter_type="CASH", filter_amount=20, limit=1000
    )["data"]
    market = _get(
        exchange, "/v2/trades", user=user, taker_only="false", condition=whole[0]["condition_id"], limit=1000
    )["data"]

    assert sells == [row for row in whole if row["side"] == "SELL"]
    assert since == [row for row in whole if row["timestamp"] >= middle]
    assert until == [row for row in whole if row["timestamp"] <= middle]
    assert large == [row for row in whole if round(row["price"] * row["size"], 6) >= 20]
    assert market == [row for row in whole if row["condition_id"] == whole[0]["condition_id"]]


def test_a_fill_appears_only_after_its_settlement(exchange: RunningExchange) -> None:
    now_s = exchange.now_ms() // 1000

    rows = _get(exchange, "/v2/trades", taker_only="false", limit=1000)["data"]

    assert all(row["timestamp"] <= now_s for row in rows)


def test_a_feed_delay_holds_rows_back_and_says_so(exchange: RunningExchange) -> None:
    exchange.advance(1)
    prompt = _get(exchange, "/v2/trades", taker_only="false", limit=1000)["data"]
    exchange.arm("feed_delay", seconds=400)

    delayed = _get(exchange, "/v2/trades", taker_only="false", limit=1000)["data"]
    status = _get(exchange, "/v2/status")["data"]
    exchange.clear_faults()

    newest = exchange.now_ms() // 1000 - 400
    assert any(row["timestamp"] > newest for row in prompt)
    assert delayed
    assert all(row["timestamp"] <= newest for row in delayed)
    assert status["serving"]["lag_seconds"] == 400
    assert _get(exchange, "/v2/status")["data"]["serving"]["lag_seconds"] == 0


def test_trade_rows_have_exactly_the_documented_fields(exchange: RunningExchange) -> None:
    (row,) = _get(exchange, "/v2/trades", limit=1)["data"]

    assert set(row) == {
        "proxy_wallet", "side", "token_id", "condition_id", "size", "price", "timestamp", "title", "slug",
        "icon", "event_slug", "outcome", "outcome_index", "name", "pseudonym", "bio", "profile_image",
        "profile_image_optimized", "transaction_hash",
    }  # fmt: skip
    assert "ynthetic" in row["name"]


def test_positions_walk_adopts_what_the_first_page_settled(exchange: RunningExchange) -> None:
    user = _busiest(exchange)
    whole = _get(exchange, "/v2/positions", user=user, status="CLOSED", sort_by="REALIZED_PNL", limit=1000)["data"]
    first = _get(exchange, "/v2/positions", user=user, status="CLOSED", sort_by="REALIZED_PNL", limit=30)
    cursor = first["pagination"]["next_cursor"]

    second = _get(exchange, "/v2/positions", user=user, cursor=cursor)
    contradiction = _refused(exchange, "/v2/positions", user=user, cursor=cursor, status="OPEN")

    assert first["data"] + second["data"] == whole[:60]
    profits = [row["realized_pnl"] for row in whole]
    assert profits == sorted(profits, reverse=True)
    assert contradiction["parameter"] == "status"


@pytest.mark.parametrize("status", ["OPEN", "CLOSED"])
def test_one_markets_positions_are_those_of_all_its_traders(exchange: RunningExchange, status: str) -> None:
    market = {"condition": exchange.replay()["markets"][0]["condition_id"], "status": status, "filter_amount": 0}

    of_market = _get(exchange, "/v2/positions", **market)["data"]
    of_traders = [
        row
        for trader in exchange.replay()["traders"]
        for row in _get(exchange, "/v2/positions", user=trader["address"], **market)["data"]
    ]

    assert of_market
    assert sorted(map(_held, of_market)) == sorted(map(_held, of_traders))


def _held(row: dict[str, Any]) -> tuple[str, str, float]:
    return row["proxy_wallet"], row["token_id"], row["total_size"]


def test_winners_of_the_replay_join_the_closed_positions_once_they_are_redeemed(
    exchange: RunningExchange,
) -> None:
    market = exchange.replay()["markets"][0]
    winner = market["token_ids"][market["payouts"].index(1)]
    exchange.advance_to(market["end_ms"] + 1_200_000)

    rows = [
        row
        for trader in exchange.replay()["traders"]
        for row in _get(
            exchange,
            "/v2/positions",
            user=trader["address"],
            status="CLOSED",
            condition=market["condition_id"],
        )["data"]
    ]

    assert [row for row in rows if row["token_id"] == winner]
    assert all(row["current_size"] == 0 and row["total_size"] > 0 for row in rows)
    assert all(row["last_event_at"] >= market["start_ms"] // 1000 - 900 for row in rows)


@pytest.mark.parametrize(
    ("path", "params", "parameter"),
    [
        ("/v2/trades", {"offset": 0}, "offset"),
        ("/v2/trades", {"user": "me"}, "user"),
        ("/v2/trades", {"side": "HOLD"}, "side"),
        ("/v2/trades", {"limit": 1001}, "limit"),
        ("/v2/trades", {"condition": "0x12"}, "condition"),
        ("/v2/activity", {}, "user"),
        ("/v2/activity", {"user": "0x" + "1" * 40, "type": "LUNCH"}, "type"),
        ("/v2/positions", {}, "user"),
        ("/v2/positions", {"user": "0x" + "1" * 40, "status": "HALF"}, "status"),
        ("/v2/positions", {"condition": "0x" + "1" * 64, "status": "MERGEABLE"}, "user"),
        ("/v2/value", {}, "user"),
        ("/v2/resolutions", {}, None),
    ],
)
def test_a_wrong_question_is_refused_in_the_documented_shape(
    exchange: RunningExchange, path: str, params: dict[str, Any], parameter: str | None
) -> None:
    answer = _refused(exchange, path, **params)

    assert answer["code"] == "invalid_request"
    assert answer["retryable"] is False
    assert answer["error"]
    assert answer["trace_id"]
    assert answer.get("parameter") == parameter


def test_an_unknown_wallet_has_empty_pages_and_no_value(exchange: RunningExchange) -> None:
    nobody = "0x" + "12" * 20

    assert _get(exchange, "/v2/trades", user=nobody)["data"] == []
    assert _get(exchange, "/v2/positions", user=nobody)["data"] == []
    assert _get(exchange, "/v2/value", user=nobody)["data"] == {"proxy_wallet": nobody, "value": 0}


def test_the_first_version_is_gone(exchange: RunningExchange) -> None:
    response = exchange.http.get(exchange.data_url + "/trades")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
