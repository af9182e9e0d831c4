"""The table of beliefs about the venue says for each what it rests on, and names tests that are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
EVIDENCE = {"recorded", "contract", "document", "assumed"}
UNPINNED = "—"


def beliefs() -> list[list[str]]:
    """The cells of every row that states a belief."""
    lines = (ROOT / "docs/venue.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in rows if row[0] != "belief"]


def test_every_belief_has_its_evidence_its_test_and_what_we_do_if_it_is_wrong() -> None:
    rows = beliefs()

    assert len(rows) > 50
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    assert [row[0] for row in rows if row[1] not in EVIDENCE] == []
    assert [
        row[0] for row in rows if row[2] != UNPINNED and not re.fullmatch(r"`test_\w+`(, `test_\w+`)*", row[2])
    ] == []


def test_every_belief_is_pinned_by_a_test_that_exists() -> None:
    named = {name for row in beliefs() for name in re.findall(r"`(test_\w+)`", row[2])}
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)
    }

    assert sorted(named - there) == []


def test_every_belief_with_a_recording_is_among_the_venue_s_facts() -> None:
    recorded = {name for row in beliefs() if row[1] == "recorded" for name in re.findall(r"`(test_\w+)`", row[2])}

    assert sorted(recorded - set(venue_facts())) == []


def venue_facts() -> Iterator[str]:
    """Names of tests that `-m venue_facts` chooses, marked by themselves or by their module."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        module = ast.parse(file.read_text(encoding="utf-8"))
        marks = [ast.unparse(node.value) for node in module.body if isinstance(node, ast.Assign)]
        of_module = any("venue_facts" in mark for mark in marks)
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and (
                of_module or any("venue_facts" in ast.unparse(each) for each in node.decorator_list)
            ):
                yield node.name
