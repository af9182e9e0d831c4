"""The table of incidents names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_incident_is_pinned_by_a_test_that_exists() -> None:
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs/incidents.md").read_text())
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }

    assert len(named) > 60
    assert sorted(set(named) - there) == []
