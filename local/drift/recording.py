"""A folder of recorded answers: what each file is, told by what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.wire.json_text import parse_json
from local.drift.checking import check
from local.drift.findings import Report
from local.drift.shapes import OLDER_NAMES, Kind

# The first kind of which a row has every field.
_MARKS: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.BOOK, frozenset({"bids", "asks"})),
    (Kind.MARKET, frozenset({"outcomes", "conditionId"})),
    (Kind.ACTIVITY, frozenset({"type", "usdc_size"})),
    (Kind.TRADE, frozenset({"transaction_hash", "side"})),
    (Kind.POSITION, frozenset({"realized_pnl"})),
    (Kind.RESOLUTION, frozenset({"condition_id", "last_update_timestamp"})),
    (Kind.STATUS, frozenset({"computed_at", "serving"})),
    (Kind.TICK, frozenset({"minimum_tick_size"})),
    (Kind.MIDPOINT, frozenset({"mid"})),
    (Kind.CLOB_MARKET, frozenset({"t", "mts"})),
    (Kind.HISTORY, frozenset({"history"})),
    (Kind.GEOBLOCK, frozenset({"blocked"})),
    (Kind.VERSION, frozenset({"version"})),
    (Kind.REFUSAL, frozenset({"error"})),
    (Kind.REFUSAL, frozenset({"errorMsg"})),
)


class NoRecording(Exception):
    """The folder has no answers in it."""


def check_folder(folder: Path, report: Report) -> None:
    """Every JSON file of the folder and of the folders in it. Raises NoRecording."""
    files = sorted(folder.rglob("*.json")) if folder.is_dir() else []
    if not files:
        raise NoRecording(f"{folder} has no JSON files")
    for file in files:
        name = str(file.relative_to(folder))
        try:
            rows = _rows(parse_json(file.read_bytes()))
        except MalformedAnswer:
            report.find(name, "", "not JSON")
            continue
        kind = kind_of(rows)
        if kind is None:
            report.note(name, "", "an answer of no kind that is read here")
        else:
            check(kind, rows, report, source=f"{kind} ({name})", is_recorded=True)


def kind_of(rows: Sequence[object]) -> Kind | None:
    """What most of an answer's rows are, told by the first one."""
    first = next((row for row in rows if isinstance(row, dict)), None)
    if first is None:
        return None
    names = {*first, *(OLDER_NAMES[name] for name in first if name in OLDER_NAMES)}
    return next((kind for kind, marks in _MARKS if marks <= names), None)


def _rows(answer: object) -> list[object]:
    """The rows of an envelope, of an array, or the one that the answer itself is."""
    if isinstance(answer, dict):
        inner = answer.get("data", answer.get("markets", answer))
        return list(inner) if isinstance(inner, list) else [inner]
    return list(answer) if isinstance(answer, list) else [answer]
