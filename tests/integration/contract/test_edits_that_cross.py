"""Two people who edit the same thing: nobody replaces what he has not seen, and nobody's edit is half the other's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.api.once import Caller
from live_trading.api.problems import Problem
from live_trading.api.resources.config_body import MEANING
from live_trading.api.resources.owned_strategies import Strategies
from live_trading.api.resources.strategy_bodies import UpdateStrategy
from live_trading.api.routes.paper.ft_wallet_routes import FtWallets, UpdateFtWallet
from live_trading.signals.config import WalletConfig
from live_trading.wiring.clock import SystemClock
from live_trading.wiring.database import database_of
from tests.integration.api_fixtures import OWNER, STRANGER, Api, Reply, http_event
from tests.waiting import await_true

pytestmark = pytest.mark.integration

CONFIG = {"bet_size": "10", "max_bet": "40"}
ANOTHER = {"bet_size": "20", "max_bet": "40"}


def send(api: Api, method: str, path: str, body: dict[str, Any], *, if_match: str, key: str | None = None) -> Reply:
    event = http_event(method, path, json.dumps(body), key=key)
    event["headers"]["if-match"] = if_match
    return api.send(event)


def edit_token_in(reply: Reply) -> str:
    return reply.headers["etag"].strip('"').split("-")[0]


@pytest.fixture(params=["FT wallet", "strategy"])
def thing(api: Api, request: pytest.FixtureRequest) -> tuple[str, str, list[dict[str, Any]]]:
    """(method, path, two edits) of what can be edited."""
    if request.param == "FT wallet":
        path = f"/api/ft/wallets/{api.ft_wallet(config=CONFIG)['ft_wallet_id']}"
        return "PUT", path, [{"config": ANOTHER}, {"config": CONFIG, "name": "renamed"}]
    path = f"/api/lt/strategies/{api.strategy()['lt_strategy_id']}"
    return "PATCH", path, [{"risk_rules": {"daily_budget_usd": "50"}}, {"name": "renamed"}]


Thing = tuple[str, str, list[dict[str, Any]]]


def test_who_has_seen_it_as_it_is_may_edit_it_and_the_next_edit_goes_on_from_the_answer(api: Api, thing: Thing) -> None:
    method, path, (first, second) = thing
    seen = api.call("GET", path).headers["etag"]

    done = send(api, method, path, first, if_match=seen)
    assert done.status == 200, done.body
    again = send(api, method, path, second, if_match=done.headers["etag"])

    assert again.status == 200, again.body
    assert again.body["name"] == "renamed"


def test_who_has_not_seen_the_last_edit_is_refused_and_nothing_is_written(api: Api, thing: Thing) -> None:
    method, path, (first, second) = thing
    seen = api.call("GET", path).headers["etag"]
    assert send(api, method, path, first, if_match=seen).status == 200
    before = api.call("GET", path).body

    refused = send(api, method, path, second, if_match=seen)

    assert (refused.status, refused.error["code"]) == (412, "changed_since")
    assert api.call("GET", path).body == before


@pytest.mark.parametrize("garbage", ["nonsense", '""', '"abc"', '"zz-zz"', 'W/"0-0"', '"00-00", "11-11"'])
def test_an_entity_tag_that_is_nobodys_matches_nothing(api: Api, thing: Thing, garbage: str) -> None:
    method, path, (first, _) = thing

    assert send(api, method, path, first, if_match=garbage).status == 412


def test_a_weak_tag_matches_nothing_and_a_star_whatever_is_there(api: Api, thing: Thing) -> None:
    method, path, (first, _) = thing
    seen = api.call("GET", path).headers["etag"]

    assert send(api, method, path, first, if_match=f"W/{seen}").status == 412
    assert send(api, method, path, first, if_match=f'"00-00", {seen}').status == 200
    assert send(api, method, path, first, if_match="*").status == 200


def test_what_is_made_is_answered_as_it_is_shown(api: Api) -> None:
    body = api.strategy_body(risk_preset="conservative", risk_rules={"max_order_usd": "7"})

    made = api.call("POST", "/api/lt/strategies", body)

    shown = api.call("GET", f"/api/lt/strategies/{made.body['lt_strategy_id']}")
    assert (made.status, shown.body) == (201, made.body)
    assert shown.headers["etag"] == made.headers["etag"]


def test_what_moves_by_itself_is_no_edit(api: Api) -> None:
    strategy = api.strategy()
    path = f"/api/lt/strategies/{strategy['lt_strategy_id']}"
    seen = api.call("GET", path).headers["etag"]
    assert api.call("POST", f"{path}/pause", {}).status == 200
    assert api.call("POST", f"{path}/deallocate", {"amount_usd": "1"}, key="one").status == 200
    assert api.call("GET", path).headers["etag"] != seen

    assert send(api, "PATCH", path, {"name": "renamed"}, if_match=seen).status == 200


def test_a_repeated_edit_is_answered_as_the_first_time_although_it_is_another_state_by_now(
    api: Api, thing: Thing
) -> None:
    method, path, (first, second) = thing
    seen = api.call("GET", path).headers["etag"]
    done = send(api, method, path, first, if_match=seen, key="edit")
    assert send(api, method, path, second, if_match="*").status == 200

    again = send(api, method, path, first, if_match=seen, key="edit")

    assert (again.status, again.body) == (done.status, done.body)
    assert edit_token_in(again) == edit_token_in(done)
    assert api.call("GET", path).body["name"] == "renamed"


def test_a_strangers_edit_finds_nothing_whatever_it_says_of_its_state(api: Api, thing: Thing) -> None:
    method, path, (first, _) = thing
    event = http_event(method, path, json.dumps(first), owner=STRANGER)
    event["headers"]["if-match"] = api.call("GET", path).headers["etag"]

    assert api.send(event).status == 404


def both_at_once(api: Api, database_url: str, path: str, edits: list[Callable[[], object]]) -> list[object]:
    """Lets both edits wait for the thing's row, so that each has begun before the other is done."""
    table, column = ("ft_wallets", "ft_wallet_id") if "/ft/" in path else ("lt_strategies", "lt_strategy_id")
    said: list[object] = [None, None]

    def edit(place: int) -> None:
        try:
            said[place] = edits[place]()
        except Problem as problem:
            said[place] = problem.code

    threads = [threading.Thread(target=edit, args=(place,)) for place in range(2)]
    with api.database.transaction() as holding:
        holding.rows(f"SELECT 1 FROM {table} WHERE {column} = :id FOR UPDATE", id=path.rsplit("/", 1)[1])
        for thread in threads:
            thread.start()
        looking = database_of(database_url, application_name="looks on")
        await_true(lambda: waiting(looking, table) == 2, "both edits wait for the row")
        looking.close()
    for thread in threads:
        thread.join()
    return said


def waiting(database: Any, table: str) -> int:
    with database.transaction() as transaction:
        return int(
            transaction.only(
                """
                SELECT count(*) AS n FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE :what
                """,
                what=f"%{table}%",
            )["n"]
        )


def caller(name: str) -> Caller:
    return Caller(owner_id=OWNER, idempotency_key=None, request_hash=name)


def edits_of(api: Api, database_url: str, path: str, expected: frozenset[str] | None) -> list[Callable[[], object]]:
    """Two edits, each over a connection of its own."""
    id_ = UUID(path.rsplit("/", 1)[1])

    def with_parts(edit: Callable[[Any], Any]) -> Callable[[], object]:
        def run() -> object:
            database = database_of(database_url, application_name="an edit")
            try:
                return edit(database).status
            finally:
                database.close()

        return run

    def paper(config: dict[str, Any], name: str) -> Callable[[Any], Any]:
        return lambda database: FtWallets(database=database, clock=SystemClock(), new_id=uuid4).update(
            caller(name), id_, UpdateFtWallet.model_validate({"config": config}), expected
        )

    def live(name: str, **body: Any) -> Callable[[Any], Any]:
        return lambda database: Strategies(database=database, clock=SystemClock(), new_id=uuid4).update(
            caller(name), id_, UpdateStrategy.model_validate(body), expected
        )

    if "/ft/" in path:
        return [with_parts(paper(ANOTHER, "a")), with_parts(paper({**CONFIG, "price_max": "0.9"}, "b"))]
    return [
        with_parts(live("a", risk_rules={"max_order_usd": "7"})),
        with_parts(live("b", risk_rules={"max_position_usd": "9"})),
    ]


def test_of_two_edits_at_once_from_the_same_state_one_is_refused(api: Api, thing: Thing, database_url: str) -> None:
    _, path, _ = thing
    token = edit_token_in(api.call("GET", path))

    said = both_at_once(api, database_url, path, edits_of(api, database_url, path, frozenset({token})))

    assert sorted(map(str, said)) == ["200", "changed_since"]


def test_two_edits_at_once_that_say_nothing_of_the_state_are_both_done(
    api: Api, thing: Thing, database_url: str
) -> None:
    _, path, _ = thing

    said = both_at_once(api, database_url, path, edits_of(api, database_url, path, None))

    assert said == [200, 200]
    after = api.call("GET", path).body
    if "/ft/" in path:
        assert [each["version"] for each in after["versions"]] == [3, 2, 1]
    else:
        rules = after["risk_rules"]
        assert (rules["max_order_usd"], rules["max_position_usd"]) == ("7.000000", "9.000000")


def test_the_expected_version_of_a_paper_wallet_still_guards_it(api: Api) -> None:
    path = f"/api/ft/wallets/{api.ft_wallet(config=CONFIG)['ft_wallet_id']}"
    assert api.call("PUT", path, {"config": ANOTHER, "expected_version": 1}).body["version"] == 2

    refused = api.call("PUT", path, {"config": CONFIG, "expected_version": 1})

    assert (refused.status, refused.error["current_version"]) == (409, 2)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"use_model": True, "model_threshold": "0.6"}, [("no_model", "config.use_model")]),
        ({"probability_source": "model"}, [("no_model", "config.probability_source")]),
        ({"allocation_method": "WHALE"}, [("no_model", "config.allocation_method")]),
        ({"end_date": "2020-01-01T00:00:00Z"}, [("is_over", "config.end_date")]),
        ({"price_min": "0.8", "min_edge": "0.3"}, [("edge_out_of_reach", "config.min_edge")]),
        ({"allocation_method": "KELLY", "max_edge": "0"}, [("edge_out_of_reach", "config.max_edge")]),
        ({}, []),
    ],
)
def test_a_configuration_that_can_never_bet_is_taken_and_says_so(
    api: Api, config: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    body = {"name": "paper", "starting_balance_usd": "100", "config": config}

    made = api.call("POST", "/api/ft/wallets", body)
    changed = api.call("PUT", f"/api/ft/wallets/{made.body['ft_wallet_id']}", {"config": config})

    assert (made.status, changed.status) == (201, 200)
    for reply in (made, changed):
        assert [(each["code"], each["field"]) for each in reply.body["warnings"]] == told


def test_every_key_of_a_configuration_is_explained() -> None:
    assert list(MEANING) == list(WalletConfig.model_fields)
