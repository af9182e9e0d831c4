"""Loopback ports: found free, and held so that nobody else is given them before their part binds them."""

from __future__ import annotations

import errno
import socket
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
_TRIES = 200


class NoFreePort(OSError):
    """Every port from the preferred one upwards is taken."""


class HeldPorts:
    """Ports that are ours until `release`.

    Each is kept by a bound socket that does not listen. The system then gives the port to nobody who asks for
    a free one, while a server that binds it by number with SO_REUSEADDR, as all parts do, may have it.
    """

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def any(self) -> int:
        """A free port."""
        return self._hold(0)

    def first_from(self, preferred: int) -> int:
        """`preferred`, or the next port above it that is free; NoFreePort when there is none near."""
        for port in range(preferred, min(preferred + _TRIES, 65_536)):
            try:
                return self._hold(port)
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
        raise NoFreePort(f"no free port from {preferred} to {preferred + _TRIES - 1} on {LOOPBACK}")

    def release(self) -> None:
        """Let go of every port."""
        for held in self._sockets:
            held.close()
        self._sockets.clear()

    def _hold(self, port: int) -> int:
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((LOOPBACK, port))
        except OSError:
            held.close()
            raise
        if any(held.getsockname() == other.getsockname() for other in self._sockets):
            held.close()
            raise OSError(errno.EADDRINUSE, f"port {port} is held already")
        self._sockets.append(held)
        return int(held.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_listening(port: int) -> bool:
    """Whether something on this machine accepts connections on a loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
