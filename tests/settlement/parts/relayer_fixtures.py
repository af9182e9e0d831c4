"""The simulated relayer behind real HTTP, before the same chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from live_trading.nouns.wallets import SignatureType
from local.exchange import errors
from local.exchange.settlement.relayer import Relayer
from local.exchange.wire.calls import Call
from local.exchange.wire.relayer_routes import handlers_of
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.fault_fixtures import Broken, Faults, Lost, Moment
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving

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

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            self._handle(_call(self, "GET", b""))

        def do_POST(self) -> None:  # noqa: N802
            self._handle(_call(self, "POST", self.body()))

        def _handle(self, call: Call) -> None:
            served.methods.append(call.path)
            number = len(served.methods)
            try:
                served.tell(number, call.path, Moment.BEFORE)
                status, answer = _answered(lambda: handlers[(call.method, call.path)](call))
                served.tell(number, call.path, Moment.AFTER)
            except Lost:
                self.close_connection = True
                return
            except Broken:
                status, answer = 500, {"error": "internal error"}
            self.answers(status, json.dumps(answer).encode())

    with serving(Handler) as served.url:
        yield served


def _call(handler: QuietHandler, method: str, body: bytes) -> Call:
    parts = urlsplit(handler.path)
    path, parameters = parts.path, {}
    if path.startswith(_TRANSACTIONS) and not path.endswith("/params"):
        path, parameters = LOOK, {"id": path.removeprefix(_TRANSACTIONS)}
    return Call(
        method=method,
        path=path,
        query=dict(parse_qsl(parts.query)),
        path_parameters=parameters,
        headers=dict(handler.headers.items()),
        body=body,
    )


def _answered(handle: Callable[[], Any]) -> tuple[int, Any]:
    try:
        return 200, handle()
    except errors.Refused as refused:
        return refused.status, {"error": refused.text}
