"""How HTTP clients of this process verify whom they talk to."""

from __future__ import annotations

from functools import cache
from ssl import SSLContext

import httpx


@cache
def tls_context() -> SSLContext:
    """One context a process: reading the certificate authorities takes longer than a request."""
    return httpx.create_ssl_context()
