"""Makes the fixtures of every `*_fixtures.py` known to all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent

pytest_plugins = [
    ".".join(("tests", *file.relative_to(_HERE).with_suffix("").parts))
    for file in sorted(_HERE.glob("*/*_fixtures.py"))
]
# One of them may import another before pytest comes to it.
pytest.register_assert_rewrite(*pytest_plugins)
