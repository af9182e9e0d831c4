"""Rows of one answer against parsers, known fields and closed sets."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from local.drift.findings import Report
from local.drift.reading import complaints
from local.drift.shapes import OF_DATA_API, OLDER_NAMES, SHAPES, Kind, Shape


def check(kind: Kind, rows: Sequence[object], report: Report, *, source: str = "", is_recorded: bool = False) -> None:
    """Adds what does not fit to the report. Recorded rows may be older than a field; what they lack is then a note.

    A field that only some rows lack is a note too: the venue leaves out what a row has nothing to say about.
    """
    source = source or kind
    report.looked_at[kind] += len(rows)
    shape = SHAPES.get(kind)
    named = [_in_newer_names(kind, row) for row in rows if isinstance(row, dict)]
    told: frozenset[str] = frozenset()
    if shape is not None and named:
        told = _check_fields(shape, named, report, source, is_recorded=is_recorded)
        told |= _check_values(shape, named, report, source)
    for row in rows:
        for place, why in complaints(kind, row):
            if not _is_about(place, told):
                report.find(source, place, why)


def _in_newer_names(kind: Kind, row: dict[str, object]) -> dict[str, object]:
    if kind not in OF_DATA_API:
        return row
    return {OLDER_NAMES.get(name, name): value for name, value in row.items()}


def _check_fields(
    shape: Shape, rows: Sequence[dict[str, object]], report: Report, source: str, *, is_recorded: bool
) -> frozenset[str]:
    """The expected fields that no row has."""
    new = {name for row in rows for name in row if name not in shape.expected | shape.known}
    gone = frozenset(name for name in shape.expected if all(name not in row for row in rows))
    for name in sorted(gone):
        if is_recorded and name in shape.newer:
            report.note(source, name, "missing, as in older recordings")
            continue
        renamed = get_close_matches(_plain(name), {_plain(each) for each in new}, n=1, cutoff=0.7)
        perhaps = next((f", perhaps now {each}" for each in sorted(new) if [_plain(each)] == renamed), "")
        report.find(source, name, f"missing{perhaps}")
    for name in sorted(shape.expected - gone):
        lacking = sum(1 for row in rows if name not in row)
        if lacking:
            report.note(source, name, f"missing in {lacking} of {len(rows)} rows")
    for name in sorted(new):
        report.note(source, name, "a field that nobody reads")
    return gone


def _check_values(shape: Shape, rows: Sequence[dict[str, object]], report: Report, source: str) -> frozenset[str]:
    """The fields with values that are in no table."""
    strange: set[str] = set()
    for name, allowed in shape.values.items():
        for row in rows:
            value = row.get(name)
            if value not in (None, "") and str(value) not in allowed:
                report.find(source, name, f"a value that no table has: {value}")
                strange.add(name)
    return frozenset(strange)


def _is_about(place: str, told: frozenset[str]) -> bool:
    """Whether a parser complains of a field that is a finding already."""
    return _plain(place.partition(".")[0].removesuffix("[]")) in {_plain(name) for name in told}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
