"""Requests that are no requests: each gets an answer of the one documented shape, and nothing of our insides."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from functions.strategy_api import app
from live_trading.store.database.connection import Database, StoreUnavailable
from tests.integration.api_fixtures import Api, ft_wallet_body, http_event

pytestmark = pytest.mark.integration
WALLETS = "/api/ft/wallets"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400),
        ("", 400),
        ("   ", 400),
        ("{", 400),
        ("[]", 400),
        ('"text"', 400),
        ("null", 400),
        ('{"name": NaN}', 422),
        ('{"name": "a", "name": "b"}', 400),
        ("[" * 100_000, 400),
        ('{"name": "' + "x" * 300_000 + '"}', 413),
        ("{}", 422),
    ],
)
def test_a_body_that_is_no_object_is_refused(api: Api, body: str | None, status: int) -> None:
    refused = api.call("POST", WALLETS, body)

    assert refused.status == status
    assert set(refused.error) >= {"code", "message", "fields"}
    assert api.rows("SELECT 1 FROM ft_wallets") == []


def test_a_body_in_base64_is_read_and_one_that_is_not_utf8_is_refused(api: Api) -> None:
    event = http_event("POST", WALLETS, "")
    event |= {"isBase64Encoded": True, "body": base64.b64encode(json.dumps(ft_wallet_body()).encode()).decode()}
    assert api.send(event).status == 201

    event |= {"body": base64.b64encode(b"\xff\xfe").decode()}
    assert api.send(event).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nowhere"),
        ("DELETE", WALLETS),
        ("GET", f"{WALLETS}/not-an-id"),
        ("GET", f"{WALLETS}/%00"),
        ("GET", "/api/lt/orders/17"),
        ("GET", "/"),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, method: str, path: str) -> None:
    refused = api.call(method, path)

    assert (refused.status, refused.error["code"]) == (404, "not_found")


def test_a_token_without_a_subject_opens_nothing(api: Api) -> None:
    for method, path in (("GET", WALLETS), ("GET", "/api/lt/strategies"), ("GET", "/api/traders")):
        refused = api.call(method, path, owner=None)
        assert (refused.status, refused.error["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ü"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(api: Api, key: str) -> None:
    refused = api.call("POST", WALLETS, ft_wallet_body(), key=key)

    assert (refused.status, list(refused.fields)) == (422, ["Idempotency-Key"])


def test_a_database_that_is_away_is_said_to_be_away_and_nothing_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Database) -> Any:
        raise StoreUnavailable("cannot connect to 10.0.0.7 as live_trading")

    monkeypatch.setattr(Database, "transaction", gone)

    refused = api.call("GET", WALLETS)

    assert (refused.status, refused.error["code"]) == (503, "unavailable")
    assert refused.headers["retry-after"]
    assert "10.0.0.7" not in str(refused.body)


def test_a_defect_of_ours_tells_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> Any:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(app.parts.ft_wallets, "list", broken)

    refused = api.call("GET", WALLETS)

    assert (refused.status, refused.error["code"]) == (500, "internal")
    assert "secret" not in str(refused.body)
    assert "Traceback" not in str(refused.body)
