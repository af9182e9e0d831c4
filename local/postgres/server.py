"""A Postgres server of our own on loopback, for data that is thrown away: nothing is synced to disk."""

from __future__ import annotations

import signal
from pathlib import Path
from types import TracebackType
from typing import Self

import pg8000.exceptions

from local.machine.patience import HANG_SECONDS
from local.machine.ports import LOOPBACK, HeldPorts
from local.machine.processes import Child, Part, Processes
from local.postgres.binaries import REMEDY, initialise, installation_for, remove
from local.postgres.databases import DATABASE, create_database, with_database

_DUPLICATE_DATABASE = "42P04"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "max_connections": "100",
    "max_wal_size": "128MB",
    "dynamic_shared_memory_type": "mmap",
}


class LocalPostgres:
    """One server. Started again after `kill` it has the same port and the same data."""

    def __init__(self, directory: Path, *, processes: Processes, ports: HeldPorts, cache: Path) -> None:
        self._directory = directory.resolve()
        self._processes = processes
        self._cache = cache.resolve()
        self._port = ports.any()
        self._child: Child | None = None
        remove(self._directory)

    @property
    def url(self) -> str:
        """Of the database that the stack works in."""
        return f"postgresql://postgres@{LOOPBACK}:{self._port}/{DATABASE}?sslmode=disable"

    def start(self) -> str:
        """Start the server without waiting for it and return its URL."""
        installation = installation_for(self._directory)
        if not (installation.data / "PG_VERSION").exists():
            initialise(installation, self._cache)
        settings = [argument for name, value in _SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        self._child = self._processes.start(
            Part(
                name="postgres",
                command=installation.command(
                    "postgres", "-D", str(installation.data), "-p", str(self._port), *settings
                ),
                environment=installation.environment,
                directory=installation.binaries,
                remedy=REMEDY,
                stop_signal=signal.SIGINT,
                death_signal=signal.SIGQUIT,
                user=installation.user,
            )
        )
        return self.url

    def wait(self) -> None:
        """Return when the server answers and its database exists; PartFailed if it does not come up."""
        self._running_child().wait_until(self._answers, seconds=HANG_SECONDS)

    def kill(self) -> None:
        """End the server at once, as a crash would; the data stays."""
        child, self._child = self._running_child(), None
        child.kill()
        self._processes.forget(child)

    def stop(self) -> None:
        """End the server in an orderly way and remove its data."""
        if self._child is not None:
            self._child.stop()
            self._processes.forget(self._child)
            self._child = None
        remove(self._directory)

    def __enter__(self) -> Self:
        self.start()
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running_child(self) -> Child:
        if self._child is None:
            raise RuntimeError("postgres has not been started")
        return self._child

    def _answers(self) -> bool:
        try:
            create_database(with_database(self.url, "postgres"), DATABASE)
        except pg8000.exceptions.DatabaseError as error:
            return bool(error.args[0].get("C") == _DUPLICATE_DATABASE)
        except (pg8000.exceptions.InterfaceError, OSError):
            return False
        return True
