"""Recorded real answers of the venue, which live beside the project and never in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_trading.polymarket.wire.json_text import parse_json

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDER = DATA / "polymarket-v1-samples"
CASES = DATA / "cases"


def recorded_text(name: str) -> str:
    """The text of one recorded answer; skips the test, saying why, where the recordings are not there."""
    file = FOLDER / name
    if not file.is_file():
        pytest.skip(f"no recorded answers at {FOLDER}: {name} is missing")
    return file.read_text(encoding="utf-8")


def recorded_json(name: str) -> object:
    """One recorded answer as its JSON value, numbers exact."""
    return parse_json(recorded_text(name))


def recorded_folder() -> Path:
    """The folder of all recorded answers; skips the test as `recorded_text` does."""
    recorded_text("data_api_trades_global_sample.json")
    return FOLDER


def recorded_case(name: str) -> Path:
    """A file or folder of one recorded case; skips the test, saying why, where it is not there."""
    path = CASES / name
    if not path.exists():
        pytest.skip(f"no recorded cases at {CASES}: {name} is missing")
    return path


def recorded_case_json(name: str) -> object:
    """One recorded case as its JSON value, numbers exact."""
    return parse_json(recorded_case(name).read_text(encoding="utf-8"))
