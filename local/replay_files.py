"""The rows of a recorded file: JSON, JSON lines or CSV, each as it is or packed with gzip.

What a file holds counts, not only its name: it may be packed without saying so, and a file called `.json` may have one
value a line. A line or a record that cannot be read is a row that nothing can be made of, which the reader of the rows
sets aside; it does not cost the others.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.wire.json_text import parse_json

_LINES = frozenset({".jsonl", ".ndjson"})
_SUFFIXES = frozenset({".json", ".csv", *_LINES})
_PACKED = b"\x1f\x8b"
_ENVELOPES = ("data", "markets", "events", "history")
_SEPARATORS = ",;\t|"
_LONGEST_RAW = 1000
_LONGEST_CELL = 2**24


class UnreadableFile(Exception):
    """A file that is not what it is called; `raw` is its beginning and `expected` what it should be."""

    def __init__(self, message: str, *, raw: str, expected: str) -> None:
        super().__init__(message)
        self.raw = raw[:_LONGEST_RAW]
        self.expected = expected


def written_as_rows(file: Path) -> bool:
    """Whether the name says that there are rows in it."""
    return _kind(file) in _SUFFIXES


def rows_of(file: Path) -> list[object]:
    """Every row of the file; an envelope is opened, and a single object is one row. Raises UnreadableFile."""
    content = _unpacked(file)
    if _kind(file) == ".csv":
        return _csv_rows(content)
    if _kind(file) in _LINES:
        return _line_rows(content)
    try:
        return _opened(parse_json(content))
    except MalformedAnswer as error:
        if _begins_with_a_value(content):
            return _line_rows(content)
        raise UnreadableFile(str(error), raw=error.raw, expected="JSON") from error


def _kind(file: Path) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in {".gz", ".gzip"}:
        suffixes.pop()
        # a packed file of no other name is JSON, as answers are
        return suffixes[-1] if suffixes and suffixes[-1] in _SUFFIXES else ".json"
    return suffixes[-1] if suffixes else ""


def _unpacked(file: Path) -> bytes:
    content = file.read_bytes()
    if not content.startswith(_PACKED):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(str(error), raw=content[:40].hex(), expected="gzip") from error


def _opened(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for name in _ENVELOPES:
            if isinstance(value.get(name), list):
                return list(value[name])
    return [value]


def _begins_with_a_value(content: bytes) -> bool:
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) < 2:
        return False
    try:
        return isinstance(parse_json(lines[0]), dict | list)
    except MalformedAnswer:
        return False


def _line_rows(content: bytes) -> list[object]:
    rows: list[object] = []
    for line in content.splitlines():
        if not line.strip():
            continue
        try:
            rows += _opened(parse_json(line))
        except MalformedAnswer as error:
            rows.append(error.raw)
    return rows


def _csv_rows(content: bytes) -> list[object]:
    try:
        text = content.decode("utf-8-sig")
        head = text.split("\n", 1)[0]
        separator = max(_SEPARATORS, key=head.count)
        csv.field_size_limit(_LONGEST_CELL)
        records = [record for record in csv.reader(text.splitlines(keepends=True), delimiter=separator) if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raw = content[:_LONGEST_RAW].decode("utf-8", "replace")
        raise UnreadableFile(str(error), raw=raw, expected="CSV") from error
    names = [name.strip() for name in records[0]] if records else []
    return [_csv_row(names, record) for record in records[1:]]


def _csv_row(names: list[str], cells: list[str]) -> object:
    """A record by its names, empty cells left out and encoded lists decoded; the bare cells where they do not match."""
    if len(cells) != len(names):
        return cells
    return {name: _cell(cell) for name, cell in zip(names, cells, strict=True) if cell != ""}


def _cell(cell: str) -> object:
    if not cell.startswith(("[", "{")):
        return cell
    try:
        return parse_json(cell)
    except MalformedAnswer:
        return cell
