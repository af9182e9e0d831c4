"""`make replay` accounts for every row of recorded answers, whatever is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from live_trading.store.database.connection import Database
from local.replay import main, replay, report
from local.replay_data import NothingToReplay, read_recording
from tests.recorded import recorded_folder

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


@pytest.mark.parametrize("garbage", [b"{", b"\xff\xfe", b"[" * 100_000, b"", b'{"data": NaN}'])
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
