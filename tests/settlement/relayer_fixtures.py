"""The simulated relayer behind real HTTP, before the same chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from local.exchange import errors
from local.exchange.calls import Call
from local.exchange.relayer import Relayer
from local.exchange.relayer_routes import handlers_of

_TRANSACTIONS = "/v1/account/transactions/"


@dataclass(slots=True)
class ServedRelayer:
    """A relayer and where it answers; it loses its answers to submissions while `loses_answers`."""

    relayer: Relayer
    url: str = ""
    loses_answers: bool = False


@contextmanager
def served_relayer(rpc_url: str) -> Iterator[ServedRelayer]:
    """On a free loopback port for the length of the block."""
    served = ServedRelayer(Relayer(lambda: rpc_url))
    handlers = handlers_of(served.relayer, lambda _: True)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer("GET", b"")

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            return

        def _answer(self, method: str, body: bytes) -> None:
            parts = urlsplit(self.path)
            path, parameters = parts.path, {}
            if path.startswith(_TRANSACTIONS) and not path.endswith("/params"):
                path, parameters = _TRANSACTIONS + "{id}", {"id": path.removeprefix(_TRANSACTIONS)}
            call = Call(
                method=method,
                path=path,
                query=dict(parse_qsl(parts.query)),
                path_parameters=parameters,
                headers=dict(self.headers.items()),
                body=body,
            )
            try:
                status, answer = 200, handlers[(method, path)](call)
            except errors.Refused as refused:
                status, answer = refused.status, {"error": refused.text}
            if served.loses_answers and path == "/submit":
                self.close_connection = True
                return
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
