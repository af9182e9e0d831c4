"""The relayer's HTTP surface, served under `/relayer` of the CLOB port, so that a relayer URL can point there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from local.exchange import errors
from local.exchange.settlement.relayer import RELAY, Relayer, RelayError
from local.exchange.wire.calls import Call, Handler
from local.exchange.world import World

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def relayer_handlers(world: World) -> dict[tuple[str, str], Handler]:
    """Handlers by (method, path)."""

    def has_code(address: str) -> bool:
        return world.engine.holdings.has_code(address)

    relayer = Relayer(lambda: world.chain.rpc_url)
    return {(method, "/relayer" + path): each for (method, path), each in handlers_of(relayer, has_code).items()}


def handlers_of(relayer: Relayer, has_code: Callable[[str], bool]) -> dict[tuple[str, str], Handler]:
    """The handlers of one relayer, by (method, path)."""

    def deployed(call: Call) -> dict[str, Any]:
        return {"deployed": has_code(_address(call).lower())}

    def parameters(call: Call) -> dict[str, Any]:
        owner = _address(call)
        nonce = _told(lambda: relayer.next_nonce(owner, call.query.get("type", "")))
        return {"address": owner, "nonce": str(nonce)}

    def relay_payload(call: Call) -> dict[str, Any]:
        return {"address": RELAY, "nonce": str(relayer.next_nonce(_address(call), "PROXY"))}

    def submit(call: Call) -> Any:
        key_address = _key_address(call)
        return _told(lambda: relayer.submit(call.json(), key_address))

    def transactions(call: Call) -> Any:
        return relayer.of_owner(_key_address(call))

    def transaction(call: Call) -> Any:
        return _told(lambda: relayer.look(str(call.path_parameters["id"])))

    return {
        ("GET", "/deployed"): deployed,
        ("GET", "/v1/account/transactions/params"): parameters,
        ("GET", "/relay-payload"): relay_payload,
        ("POST", "/submit"): submit,
        ("GET", "/transactions"): transactions,
        ("GET", "/v1/account/transactions/{id}"): transaction,
    }


def _key_address(call: Call) -> str:
    key_address = call.headers.get("RELAYER_API_KEY_ADDRESS", "")
    if not call.headers.get("RELAYER_API_KEY") or not _ADDRESS.fullmatch(key_address):
        raise errors.Refused(401, "invalid authorization")
    return key_address


def _address(call: Call) -> str:
    address = call.query.get("address", "")
    if not _ADDRESS.fullmatch(address):
        raise errors.Refused(400, "invalid address")
    return address


def _told(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except RelayError as error:
        raise errors.Refused(error.status, error.text) from error
