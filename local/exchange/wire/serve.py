"""Five applications on five loopback ports in one event loop, until the process is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp

from local.exchange.wire.serving import HangUpProtocol

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 120
SHUTDOWN_SECONDS = 2


class PortTaken(OSError):
    """Something else listens on a port of the configuration."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the process, which runs several of them, and says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """A listening socket for each name; PortTaken names the first that cannot be had."""
    sockets: dict[str, socket.socket] = {}
    for name, port in ports.items():
        try:
            sockets[name] = _listen(port)
        except OSError as error:
            for opened in sockets.values():
                opened.close()
            raise PortTaken(f"port {port} for {name} cannot be had: {error.strerror}") from error
    return sockets


def _listen(port: int) -> socket.socket:
    listener = socket.create_server((HOST, port), backlog=512)
    # accepted connections inherit it; without it an answer in two packets waits 40 ms for an acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def serve(
    apps: Mapping[str, ASGIApp],
    sockets: Mapping[str, socket.socket],
    background: asyncio.Task[None],
    ready: Callable[[], None],
) -> None:
    """Serve each application on the socket of its name until SIGTERM or SIGINT.

    Calls `ready` once all answer. Ends with the error of `background` if that fails first.
    """
    servers = {name: _server(app) for name, app in apps.items()}
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(server.serve([sockets[name]])) for name, server in servers.items()]
    stopped = asyncio.create_task(stop.wait())
    for server in servers.values():
        await server.answers.wait()
    ready()
    await asyncio.wait([stopped, background, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for server in servers.values():
        server.should_exit = True
    await asyncio.gather(*tasks)
    stopped.cancel()
    if background.done():
        background.result()
    background.cancel()


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http=HangUpProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
