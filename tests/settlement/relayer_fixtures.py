"""The simulated relayer behind real HTTP, before the same chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from live_trading.nouns.wallets import SignatureType
from local.exchange import errors
from local.exchange.calls import Call
from local.exchange.relayer import Relayer
from local.exchange.relayer_routes import handlers_of
from tests.settlement.bookkeeping_fixtures import Holder
from tests.settlement.fault_fixtures import Broken, Faults, Lost, Moment

SUBMIT = "/submit"
_TRANSACTIONS = "/v1/account/transactions/"
LOOK = _TRANSACTIONS + "{id}"


@dataclass(slots=True, kw_only=True)
class ServedRelayer(Faults):
    """A relayer and where it answers; it shows Lost and Broken."""

    relayer: Relayer
    url: str = ""

    def serves(self, holder: Holder) -> None:
        """Knows the wallet of this owner, as the real one knows those of its factories."""
        if holder.wallet.signature_type is SignatureType.SAFE:
            self.relayer.safes[holder.payer] = holder.address

    def loses_answers(self, to: str) -> None:
        """Does what it is asked on this path, and breaks the connection instead of an answer."""

        def happens(_: int, path: str, at: Moment) -> None:
            if path == to and at is Moment.AFTER:
                raise Lost

        self.happens = happens


@contextmanager
def served_relayer(rpc_url: str) -> Iterator[ServedRelayer]:
    """On a free loopback port for the length of the block."""
    served = ServedRelayer(relayer=Relayer(lambda: rpc_url))
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
                path, parameters = LOOK, {"id": path.removeprefix(_TRANSACTIONS)}
            call = Call(
                method=method,
                path=path,
                query=dict(parse_qsl(parts.query)),
                path_parameters=parameters,
                headers=dict(self.headers.items()),
                body=body,
            )
            served.methods.append(path)
            number = len(served.methods)
            try:
                served.tell(number, path, Moment.BEFORE)
                status, answer = _answered(lambda: handlers[(method, path)](call))
                served.tell(number, path, Moment.AFTER)
            except Lost:
                self.close_connection = True
                return
            except Broken:
                status, answer = 500, {"error": "internal error"}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            # A client that was killed in the middle of a request is what these tests are about.
            return

    server = Server(("127.0.0.1", 0), Handler)
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


def _answered(handle: Callable[[], Any]) -> tuple[int, Any]:
    try:
        return 200, handle()
    except errors.Refused as refused:
        return refused.status, {"error": refused.text}
