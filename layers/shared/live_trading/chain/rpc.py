"""JSON-RPC over HTTP, with failures told apart by whether the request may have had an effect."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx

from live_trading.chain.abi import Call, hex_bytes
from live_trading.chain.errors import Paused, Reverted, RpcAnswerLost, RpcRefused, RpcUnavailable
from live_trading.chain.tls import tls_context

_RATE_LIMIT_CODES = frozenset({-32005, 429})
_INTERNAL_ERROR = -32603
_REVERT_CODE = 3
_ERROR_STRING_SELECTOR = "0x08c379a0"
# OnlyUnpaused() of the venue's collateral contracts (its exchange repository, collateral/abstract/CollateralErrors),
# then the names that others use: EnforcedPause(), Paused(), IsPaused(), ContractPaused().
_PAUSED_SELECTORS = frozenset({"0x49b8b3ac", "0xd93c0665", "0x9e87fac8", "0x1309a563", "0xab35696f"})
_MOST_SHOWN = 500


class JsonRpc:
    """One node. The URL may hold a provider's key, so it appears in no message."""

    def __init__(self, url: str, *, timeout_seconds: int = 10) -> None:
        self._url = url
        self._client = httpx.Client(timeout=timeout_seconds, verify=tls_context())
        self._ids = count(1)

    def call(self, method: str, *params: object) -> Any:
        """The `result` of one request, None where the node answers null.

        Raises RpcUnavailable where nothing was sent, RpcAnswerLost where no readable answer came back, and
        RpcRefused with the node's own error.
        """
        request_id = next(self._ids)
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        try:
            response = self._client.post(self._url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RpcUnavailable(f"{method}: the node cannot be reached ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise RpcAnswerLost(f"{method}: no answer from the node ({type(error).__name__})") from error
        return _result(method, request_id, response)

    def quantity(self, method: str, *params: object) -> int:
        """A result that is a hex quantity, such as a balance in wei or a nonce."""
        return as_quantity(method, self.call(method, *params))

    def contract_read(self, call: Call, *, sender: str | None = None, block: str = "latest") -> bytes:
        """What a contract would answer. Raises Reverted with the contract's reason."""
        message = {"to": call.target, "data": call.data} | ({"from": sender} if sender else {})
        try:
            answer = self.call("eth_call", message, block)
        except RpcRefused as refused:
            raise as_revert(refused) from refused
        if not isinstance(answer, str):
            raise RpcAnswerLost("eth_call: the result is no hex text")
        return hex_bytes(answer)

    def close(self) -> None:
        """Lets go of the connection."""
        self._client.close()


def as_quantity(what: str, value: object) -> int:
    """An integer from the node's hex. Raises RpcAnswerLost where it is none."""
    if not isinstance(value, str):
        raise RpcAnswerLost(f"{what}: expected a hex quantity, got {type(value).__name__}")
    try:
        return int(value, 16)
    except ValueError as error:
        raise RpcAnswerLost(f"{what}: expected a hex quantity") from error


def as_revert(refused: RpcRefused) -> Reverted | RpcRefused:
    """The contract's refusal where the node reports one, else the node's error itself."""
    if refused.code != _REVERT_CODE and "revert" not in str(refused).lower():
        return refused
    reason = revert_reason(refused.data)
    text = reason if reason is not None else str(refused)
    return Paused(text) if _is_pause(text) else Reverted(text)


def _is_pause(reason: str) -> bool:
    """Whether a revert says that something is paused, by its error's selector or by its text."""
    return reason[:10].lower() in _PAUSED_SELECTORS or "pause" in reason.lower()


def revert_reason(data: str | None) -> str | None:
    """The text of `Error(string)`, other revert data as hex, None where there is none."""
    if data is None or data in ("", "0x"):
        return None
    if not data.startswith(_ERROR_STRING_SELECTOR):
        return data
    body = hex_bytes(data)[4:]
    length = int.from_bytes(body[32:64], "big")
    return body[64 : 64 + length].decode(errors="replace")


def _result(method: str, request_id: int, response: httpx.Response) -> Any:
    try:
        body = response.json()
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        raise _refusal(method, error)
    if response.status_code in (429, 503):
        raise RpcUnavailable(f"{method}: the node answers HTTP {response.status_code}")
    if response.is_client_error:
        raise RpcRefused(f"{method}: HTTP {response.status_code}", code=response.status_code, data=None)
    if not response.is_success or not isinstance(body, dict) or "result" not in body or body.get("id") != request_id:
        raise RpcAnswerLost(f"{method}: unreadable answer with HTTP {response.status_code}")
    return body["result"]


def _refusal(method: str, error: dict[str, Any]) -> Exception:
    code = error.get("code")
    code = code if isinstance(code, int) else 0
    message = f"{method}: {str(error.get('message', ''))[:_MOST_SHOWN]} ({code})"
    if code in _RATE_LIMIT_CODES:
        return RpcUnavailable(message)
    if code == _INTERNAL_ERROR and "revert" not in message.lower():
        return RpcAnswerLost(message)
    data = error.get("data")
    return RpcRefused(message, code=code, data=data if isinstance(data, str) else None)
