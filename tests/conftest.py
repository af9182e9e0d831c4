"""Makes the fixtures of every `*_fixtures.py` known to all tests."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

_HERE = Path(__file__).parent
settings.register_profile("fast", max_examples=10, deadline=None)

pytest_plugins = [
    ".".join(("tests", *file.relative_to(_HERE).with_suffix("").parts))
    for file in sorted(_HERE.glob("**/*_fixtures.py"))
]
# One of them may import another before pytest comes to it.
pytest.register_assert_rewrite(*pytest_plugins)


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Every HTTP client reads the same file of certificates, 25 ms each time, and the venue's opens eleven."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield
