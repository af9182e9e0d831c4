"""Where things are in the checkout, and how a Python part of the stack is run from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.machine.processes import Part

ROOT = Path(__file__).resolve().parents[2]
LOCAL_STATE = ROOT / ".local"
TEMPLATE = ROOT / "template.yaml"


def python_part(name: str, *arguments: str, remedy: str, **variables: str) -> Part:
    """`python <arguments>` in the checkout, with the product and the stack importable."""
    search = os.pathsep.join((str(ROOT / "layers" / "shared"), str(ROOT)))
    return Part(
        name=name,
        command=(sys.executable, *arguments),
        environment={**os.environ, "PYTHONPATH": search, "PYTHONUNBUFFERED": "1", **variables},
        directory=ROOT,
        remedy=remedy,
    )
