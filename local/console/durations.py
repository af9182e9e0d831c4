"""How long things took the last time on this machine, in seconds: `.local/durations.json`.

Uses nothing but the standard library, because the set-up asks too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / ".local" / "durations.json"


def last(name: str, file: Path = FILE) -> float | None:
    """Seconds of the last time that it came to its end; None where it never did, or where the file is no good."""
    found = _read(file).get(name)
    return float(found) if isinstance(found, int | float) else None


def keep(name: str, seconds: float, file: Path = FILE) -> None:
    """Remember how long it took. Not worth a failure: what cannot be written is not remembered."""
    kept = {**_read(file), name: round(seconds, 1)}
    aside = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
        aside.replace(file)
    except OSError:
        return


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
