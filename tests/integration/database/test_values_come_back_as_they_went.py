"""What is given to Postgres as a parameter is what Postgres gives back, whatever letters are in it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from live_trading.store.database.connection import Database

pytestmark = pytest.mark.integration

ODD = [
    "",
    "NULL",
    "null",
    "a,b",
    '"',
    "\\",
    '\\"',
    "{}",
    "{",
    " ",
    "\t\n",
    "é€\U0001f600",
    "a b",
    "it's",
    "plain",
    None,
]
IDS = [UUID(int=0), UUID("7d444840-9dc0-11d1-b245-5ffdce74fad2"), None]
NUMBERS = [Decimal("0.000001"), Decimal(-1), Decimal("1E+3"), Decimal("12345678901234567890.123456"), None]
WHOLE = [0, -1, 2**62, None]
MOMENTS = [
    datetime(2026, 11, 26, 12, 0, 0, 5, tzinfo=UTC),
    datetime(2026, 11, 26, 12, tzinfo=timezone(timedelta(hours=-5))),
    None,
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ODD),
        ("uuid", IDS),
        ("numeric", NUMBERS),
        ("bigint", WHOLE),
        ("timestamptz", MOMENTS),
        ("boolean", [True, False, None]),
    ],
)
def test_members_of_an_array_come_back_one_by_one_and_together(
    database: Database, kind: str, values: list[Any]
) -> None:
    with database.reading() as reading:
        several = reading.rows(
            f"SELECT member FROM unnest(:given::{kind}[]) WITH ORDINALITY AS all_of (member, at) ORDER BY at",
            given=values,
        )
        together = reading.only(f"SELECT :given::{kind}[] AS whole", given=values)
        none = reading.only(f"SELECT :given::{kind}[] AS whole", given=[])
    assert [each["member"] for each in several] == values
    assert together["whole"] == values
    assert none["whole"] == []


def test_arrays_of_arrays_come_back_whole(database: Database) -> None:
    with database.reading() as reading:
        nested = reading.only("SELECT :given::text[] AS whole", given=[["a", ",", None], ["", "b", '"']])
    assert nested["whole"] == [["a", ",", None], ["", "b", '"']]


def test_single_values_come_back(database: Database) -> None:
    with database.reading() as reading:
        row = reading.only(
            """
            SELECT :a::text AS a, :b::uuid AS b, :c::numeric AS c, :d::timestamptz AS d, :e::text AS e, :f::jsonb AS f
            """,
            a='{"x"}',
            b=IDS[1],
            c=NUMBERS[0],
            d=MOMENTS[0],
            e=None,
            f={"x": [1, None, "é"]},
        )
    assert row == {
        "a": '{"x"}',
        "b": IDS[1],
        "c": NUMBERS[0],
        "d": MOMENTS[0],
        "e": None,
        "f": {"x": [1, None, "é"]},
    }


def test_what_is_sent_does_not_wait_for_what_was_sent_before(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute("CREATE TEMPORARY TABLE kept (number integer) ON COMMIT DROP")
        session = transaction.session
        assert session is not None
        assert session._connection._usock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
