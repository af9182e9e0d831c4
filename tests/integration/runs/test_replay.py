"""`make replay` accounts for every row of recorded answers, whatever is in them."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from live_trading.nouns.money import Price
from live_trading.store.database.connection import Database
from local.replay import STEP, ReplayClock, main, replay, report
from local.replay_data import NothingToReplay, RecordedBooks, read_recording
from tests.recorded import recorded_case, recorded_folder

pytestmark = pytest.mark.integration

TRADER = "0x" + "ab" * 20


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A v2 trade; `number` makes it another one."""
    return {
        "proxy_wallet": TRADER,
        "side": "BUY",
        "token_id": "71321045679252212594626385532706912750332728571942532289631379312455583992563",
        "condition_id": "0x" + "5c" * 32,
        "size": "100.5",
        "price": "0.42",
        "timestamp": 1790586000 + number,
        "outcome": "Up",
        "outcome_index": 0,
        "transaction_hash": f"0x{number:064x}",
    } | changes


def folder_of(directory: Path, **files: object) -> Path:
    for name, content in files.items():
        (directory / f"{name}.json").write_text(json.dumps(content))
    return directory


def test_the_recorded_rows_are_all_decided_by_every_wallet(database: Database) -> None:
    recording = read_recording(recorded_folder())

    outcome = replay(database, recording)

    assert sum(account.rows for account in recording.accounts) == 600
    assert outcome.stored == 600
    assert outcome.accounts_for(recording)
    assert "market_unknown" in report(recording, outcome)


def test_rows_that_cannot_be_read_are_named_and_the_others_decided(tmp_path: Path, database: Database) -> None:
    broken = [
        {key: value for key, value in row(1).items() if key != "price"},
        row(2, price="NaN"),
        row(3, price=1.5),
        row(4, size="-5"),
        row(5, side="HOLD"),
        row(6, timestamp="yesterday"),
        "not even an object",
    ]
    recording = read_recording(folder_of(tmp_path, trades={"data": [row(7), *broken, row(8)]}))

    outcome = replay(database, recording)

    (account,) = recording.accounts
    assert (account.rows, account.decided, account.quarantined) == (9, 2, 7)
    assert outcome.accounts_for(recording)
    text = report(recording, outcome)
    for name in ("price", "size", "side", "timestamp"):
        assert f"trades.json: {name}" in text


def written(directory: Path, name: str, text: str, *, packed: bool = False) -> Path:
    content = text.encode()
    (directory / name).write_bytes(gzip.compress(content) if packed else content)
    return directory


def csv_of(*rows: dict[str, Any], separator: str = ",") -> str:
    names = sorted({name for each in rows for name in each})
    lines = [separator.join(names), *(separator.join(str(each.get(name, "")) for name in names) for each in rows)]
    return "\n".join(lines) + "\n"


LINES = "\n".join(json.dumps(row(number)) for number in (1, 2, 3))
FORMATS = {
    "trades.jsonl": LINES,
    "trades.ndjson": LINES.replace("\n", "\r\n") + "\n\n",
    "lines.json": LINES,
    "pages.jsonl": "\n".join(json.dumps({"data": [row(number)], "pagination": {}}) for number in (1, 2, 3)),
    "trades.json": json.dumps([row(1), row(2), row(3)]),
    "trades.csv": csv_of(row(1), row(2), row(3)),
    "semicolons.csv": "\ufeff" + csv_of(row(1), row(2), row(3), separator=";"),
    "TRADES.JSON": json.dumps({"data": [row(1), row(2), row(3)]}),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_history_is_read_however_it_is_written(tmp_path: Path, name: str, packed: bool) -> None:
    recording = read_recording(written(tmp_path, name + (".gz" if packed else ""), FORMATS[name], packed=packed))

    (account,) = recording.accounts
    assert (account.rows, account.decided, account.adds_up) == (3, 3, True)
    assert {trade.trader for trade in recording.trades.values()} == {TRADER}


def test_a_packed_file_need_not_say_so(tmp_path: Path) -> None:
    assert len(read_recording(written(tmp_path, "trades.jsonl", LINES, packed=True)).trades) == 3


def test_a_line_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    text = f"{json.dumps(row(1))}\n{{\n{json.dumps(row(2))}"

    (account,) = read_recording(written(tmp_path, "trades.jsonl", text)).accounts

    assert (account.rows, account.decided, account.quarantined) == (3, 2, 1)


def test_a_record_with_a_cell_too_many_costs_only_itself(tmp_path: Path) -> None:
    first, second, *_ = csv_of(row(1)).splitlines()

    (account,) = read_recording(written(tmp_path, "trades.csv", f"{first}\n{second},7\n{second}\n")).accounts

    assert (account.rows, account.decided, account.quarantined) == (2, 1, 1)


def test_a_packed_file_that_is_cut_is_set_aside_and_the_others_are_read(tmp_path: Path) -> None:
    folder_of(tmp_path, good=[row(1)])
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(LINES.encode())[:-9])

    recording = read_recording(tmp_path)

    assert (len(recording.trades), recording.unused) == (1, ["cut.json.gz (not gzip)"])


def test_trades_without_a_hash_are_set_aside_in_sight(tmp_path: Path, database: Database) -> None:
    hashless = {key: value for key, value in row(1).items() if key != "transaction_hash"}
    recording = read_recording(folder_of(tmp_path, hashless=[hashless], good=[row(2)]))

    outcome = replay(database, recording)

    assert [(each.decided, each.quarantined) for each in recording.accounts] == [(1, 0), (0, 1)]
    assert outcome.accounts_for(recording)
    assert "transaction_hash" in report(recording, outcome)


def test_a_book_counts_from_when_it_was_taken(tmp_path: Path) -> None:
    token = row(1)["token_id"]
    frames = [
        {"event_type": "price_change", "market": row(1)["condition_id"], "price_changes": []},
        *(
            {
                "event_type": "book",
                "market": row(1)["condition_id"],
                "asset_id": token,
                "timestamp": str((1790586000 + second) * 1000),
                "hash": f"h{second}",
                "bids": [],
                "asks": [{"price": price, "size": "10"}],
            }
            for second, price in ((60, "0.93"), (7200, "0.40"))
        ),
    ]
    written(tmp_path, "books.jsonl", "\n".join(json.dumps(frame) for frame in frames))
    recording = read_recording(folder_of(tmp_path, trades=[row(1)]))
    clock = ReplayClock(datetime.fromtimestamp(1790586000, UTC))
    books = RecordedBooks(recording, clock)

    def hash_at(second: int) -> str | None:
        clock.at = datetime.fromtimestamp(1790586000 + second, UTC)
        book = books.books([token]).get(token)
        return None if book is None else book.book_hash

    assert [hash_at(second) for second in (59, 60, 7199, 7200, 90_000)] == [None, "h60", "h60", "h7200", "h7200"]
    assert recording.quarantined == []


@pytest.mark.venue_facts
def test_a_recorded_history_without_trades_is_accounted_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert main([str(recorded_case("replay_no_trades"))]) == 0

    printed = capsys.readouterr().out
    assert "No trades" in printed
    assert "activity.json" in printed


@pytest.mark.venue_facts
def test_two_recorded_books_of_one_token_are_each_of_their_time(database: Database) -> None:
    recording = read_recording(recorded_case("replay_two_books_one_token"))
    (trade,) = recording.in_time()

    outcome = replay(database, recording)
    (book,) = RecordedBooks(recording, ReplayClock(trade.trade_time + STEP)).books([trade.token_id]).values()

    assert outcome.accounts_for(recording)
    assert book.best_ask == Price("0.93")
    assert "2 books" in report(recording, outcome)


def test_a_trade_in_two_files_counts_once_and_as_a_duplicate_once(tmp_path: Path, database: Database) -> None:
    recording = read_recording(folder_of(tmp_path, a=[row(1), row(2)], b={"data": [row(2), row(3)]}))

    outcome = replay(database, recording)

    assert [(each.decided, each.duplicate) for each in recording.accounts] == [(2, 0), (1, 1)]
    assert (outcome.stored, outcome.accounts_for(recording)) == (3, True)


def test_activity_that_is_no_trade_is_counted_as_such(tmp_path: Path) -> None:
    recording = read_recording(folder_of(tmp_path, activity=[row(1, type="TRADE"), row(2, type="REDEEM")]))

    (account,) = recording.accounts
    assert (account.decided, account.other, account.adds_up) == (1, 1, True)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [({}, "has no JSON files"), ({"a": {"x": 1}}, "has no file of trades"), ({"a": []}, "has no file of trades")],
)
def test_a_folder_without_trades_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, object], complaint: str
) -> None:
    assert main([str(folder_of(tmp_path, **files))]) == 1
    assert complaint in capsys.readouterr().err


def test_a_missing_folder_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("garbage", [b"{", b"\xff\xfe", b"[" * 100_000, b""])
def test_a_file_that_is_not_json_is_set_aside_and_the_others_are_read(tmp_path: Path, garbage: bytes) -> None:
    folder_of(tmp_path, good=[row(1)])
    (tmp_path / "bad.json").write_bytes(garbage)

    recording = read_recording(tmp_path)

    assert len(recording.trades) == 1
    assert recording.unused == ["bad.json (not JSON)"]
    assert [each.source for each in recording.quarantined] == ["bad.json"]


def test_only_garbage_is_nothing_to_replay(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"{")

    with pytest.raises(NothingToReplay, match="not JSON"):
        read_recording(tmp_path)
