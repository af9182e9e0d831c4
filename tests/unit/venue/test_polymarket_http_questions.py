"""What each status means for a question that changes nothing, and how long to wait."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from live_trading.nouns.errors import GiveUp, MalformedAnswer, RetryLater
from live_trading.polymarket.clob.geoblock import Eligibility, Geoblock
from live_trading.polymarket.signing.wallet_secret import UnusableSecret, parse_secret
from live_trading.polymarket.wire.http_questions import HttpQuestions, NotFound, refusal, retry_after
from live_trading.polymarket.wire.json_text import parse_json
from live_trading.wiring.chance import SYSTEM

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520])
def test_trouble_of_the_moment_is_for_later(status: int) -> None:
    assert isinstance(refusal("GET", "/x", httpx.Response(status, text="busy"), NOW), RetryLater)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 422])
def test_a_refusal_is_final(status: int) -> None:
    error = refusal("GET", "/x", httpx.Response(status, text="no"), NOW)

    assert isinstance(error, GiveUp)
    assert not isinstance(error, NotFound)


def test_a_404_is_an_answer_of_its_own() -> None:
    assert isinstance(refusal("GET", "/x", httpx.Response(404, text="none"), NOW), NotFound)


def test_the_venues_words_are_kept() -> None:
    error = refusal("GET", "/x", httpx.Response(429, text="slow down", headers={"Retry-After": "12"}), NOW)

    assert isinstance(error, RetryLater)
    assert error.retry_after_seconds == 12
    assert "slow down" in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_the_time_to_wait_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}, NOW) == seconds


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_nobody_there_is_for_later() -> None:
    with HttpQuestions(f"http://127.0.0.1:{closed_port()}", SYSTEM) as http, pytest.raises(RetryLater):
        http.get("/x")


def test_no_answer_about_eligibility_is_unknown() -> None:
    assert Geoblock(f"http://127.0.0.1:{closed_port()}/api/geoblock", SYSTEM).eligibility() is Eligibility.UNKNOWN


@pytest.mark.parametrize("text", ["", "{", "<html>", b"\xff", "[" * 100_000, "[" * 100_000 + "x" + "]" * 99_999])
def test_what_is_no_json_is_malformed(text: str | bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse_json(text)


@pytest.mark.money_faults
@pytest.mark.parametrize("bad", ["NaN", "-Infinity", "[" * 100_000 + "]" * 100_000, "1e999999999999999999999"])
def test_a_value_that_cannot_be_held_costs_no_value_beside_it(bad: str) -> None:
    found = parse_json(f'[{bad}, {{"a": 1, "b": [{bad}]}}, 0.5]')

    assert isinstance(found, list)
    assert isinstance(found[1], dict)
    assert (found[1]["a"], found[2]) == (1, Decimal("0.5"))


def test_a_secret_has_its_four_fields() -> None:
    text = '{"private_key": "0x1", "api_key": "k", "api_secret": "s", "api_passphrase": "p", "note": "mine"}'

    secret = parse_secret(text)

    assert (secret.private_key, secret.api_key, secret.api_secret, secret.api_passphrase) == ("0x1", "k", "s", "p")
    assert "0x1" not in repr(secret)


@pytest.mark.parametrize("text", ['{"private_key": "0xdeadbeef"}', "0xdeadbeef", '{"api_key": 0}'])
def test_a_secret_that_is_none_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(UnusableSecret) as error:
        parse_secret(text)

    assert "deadbeef" not in str(error.value)
    assert error.value.__cause__ is None
