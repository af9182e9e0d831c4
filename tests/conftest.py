"""Makes the fixtures of every `*_fixtures.py` known to all tests."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_HERE = Path(__file__).parent
# How long an example takes says how busy the machine is.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same commit has the same verdict everywhere; new examples are looked for by `make test-deep`.
settings.register_profile("repeatable", _PATIENT, derandomize=True)
settings.register_profile("fast", _PATIENT, derandomize=True, max_examples=10)
settings.register_profile("deep", _PATIENT, max_examples=2000)
settings.load_profile("repeatable")

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
