"""From DATABASE_URL to a connection: verified TLS unless the host is this machine, an RDS token where asked for.

`postgresql://user[:password]@host:port/name?sslmode=verify-full&sslrootcert=/path&auth=iam`. The only other sslmode is
`disable`, and only for a loopback host: pg8000 on its own does not verify whom it talks to.
"""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.native

from live_trading.store.database.connection import Database
from live_trading.wiring.settings import SettingsInvalid

STATEMENT_TIMEOUT_MS = 20_000
LOCK_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
CONNECT_AND_READ_TIMEOUT_SECONDS = 30
# A migration of a large table; its runner sets what a statement may take.
MIGRATION_READ_TIMEOUT_SECONDS = 15 * 60


def database_of(url: str, *, application_name: str, read_seconds: int = CONNECT_AND_READ_TIMEOUT_SECONDS) -> Database:
    """A database that connects on first use. Raises SettingsInvalid for a URL that must not be used.

    An answer that takes longer than `read_seconds` counts as none.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host, port, user = parts.hostname, parts.port or 5432, unquote(parts.username or "")
    if not host or not user:
        raise SettingsInvalid("DATABASE_URL: a user and a host are needed")
    context = _tls(host, options)
    uses_token = options.get("auth") == "iam"
    if uses_token and context is None:
        raise SettingsInvalid("DATABASE_URL: auth=iam needs sslmode=verify-full")

    def connect() -> pg8000.native.Connection:
        password = _iam_token(host, port, user) if uses_token else unquote(parts.password or "") or None
        opened = _socket(host, port, read_seconds)
        try:
            return pg8000.native.Connection(
                user,
                host=host,
                port=port,
                database=parts.path.lstrip("/"),
                password=password,
                ssl_context=context,
                sock=opened,
                application_name=application_name,
                startup_params={
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "lock_timeout": str(LOCK_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
                    "timezone": "UTC",
                },
            )
        except BaseException:
            opened.close()
            raise

    return Database(connect)


def _socket(host: str, port: int, timeout_seconds: int) -> socket.socket:
    """A connection of TCP that sends at once. The driver's own keeps what is left of a large statement back until the
    server has acknowledged what went before, and the server takes its time (40 ms) with that while it waits for more.
    """
    opened = socket.create_connection((host, port), timeout_seconds)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return opened


def _tls(host: str, options: dict[str, str]) -> ssl.SSLContext | None:
    mode = options.get("sslmode", "verify-full")
    if mode == "disable":
        if not _is_loopback(host):
            raise SettingsInvalid("DATABASE_URL: sslmode=disable is for a loopback host only")
        return None
    if mode != "verify-full":
        raise SettingsInvalid("DATABASE_URL: sslmode is verify-full, or disable on a loopback host")
    return ssl.create_default_context(cafile=options.get("sslrootcert"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _iam_token(host: str, port: int, user: str) -> str:
    """A fifteen-minute password, signed locally; only connecting needs it."""
    import boto3

    token: str = boto3.client("rds").generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)
    return token
