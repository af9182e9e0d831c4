"""JSON-RPC over HTTP, with failures told apart by whether the request may have had an effect."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import httpx

from live_trading.chain.abi import Call, hex_bytes
from live_trading.chain.errors import (
    Paused,
    Reverted,
    RpcAnswerLost,
    RpcBroke,
    RpcRefused,
    RpcUnavailable,
    TooManyTopics,
)
from live_trading.chain.log_limits import refusal_of_logs
from live_trading.chain.tls import tls_context

_RATE_LIMIT_CODES = frozenset({-32005, 429})
_INTERNAL_ERROR = -32603
_REVERT_CODE = 3
_TOO_LARGE = 413
_ERROR_STRING_SELECTOR = "0x08c379a0"
# OnlyUnpaused() of the venue's collateral contracts (its exchange repository, collateral/abstract/CollateralErrors),
# then the names that others use: EnforcedPause(), Paused(), IsPaused(), ContractPaused().
_PAUSED_SELECTORS = frozenset({"0x49b8b3ac", "0xd93c0665", "0x9e87fac8", "0x1309a563", "0xab35696f"})
_MOST_SHOWN = 500
# Providers take at least so many in a batch.
CALLS_A_BATCH = 50

Question = tuple[str, Sequence[object]]
"""A method and its parameters."""


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
        return _result(method, request_id, self._sent(method, _request(request_id, method, params)))

    def call_many(self, method: str, each_params: Sequence[Sequence[object]]) -> list[Any]:
        """The `result` of each, in order; see `ask`."""
        return self.ask([(method, params) for params in each_params])

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The `result` of each, in order, in one request for every 50; one that the node refuses is its RpcRefused.

        Nodes that take no batches are asked one by one. Raises as `call` does for what concerns all of them.
        """
        results: list[Any] = []
        for start in range(0, len(questions), CALLS_A_BATCH):
            some = questions[start : start + CALLS_A_BATCH]
            found = self._batch(some) if len(some) > 1 else None
            results += found if found is not None else [self._call_or_refusal(*question) for question in some]
        return results

    def _batch(self, questions: Sequence[Question]) -> list[Any] | None:
        """None where the answer is not one to each."""
        ids = [next(self._ids) for _ in questions]
        requests = [
            _request(request_id, method, params) for request_id, (method, params) in zip(ids, questions, strict=True)
        ]
        response = self._sent(questions[0][0], requests)
        answers = _body(response)
        if not isinstance(answers, list):
            return None
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        if not response.is_success or any(_says_nothing(by_id.get(request_id)) for request_id in ids):
            return None
        return [
            _result_or_refusal(method, by_id[request_id])
            for request_id, (method, _) in zip(ids, questions, strict=True)
        ]

    def _call_or_refusal(self, method: str, params: Sequence[object]) -> Any:
        try:
            return self.call(method, *params)
        except RpcRefused as refused:
            return refused

    def _sent(self, method: str, body: object) -> httpx.Response:
        try:
            return self._client.post(self._url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RpcUnavailable(f"{method}: the node cannot be reached ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise RpcAnswerLost(f"{method}: no answer from the node ({type(error).__name__})") from error

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


def _request(request_id: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _says_nothing(answer: dict[str, Any] | None) -> bool:
    return answer is None or not ("result" in answer or isinstance(answer.get("error"), dict))


def _result_or_refusal(method: str, answer: dict[str, Any]) -> Any:
    """Raises what is no refusal of this one call: a limit of the node, a lost answer."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return answer["result"]
    refusal = _refusal(method, error)
    if isinstance(refusal, RpcRefused):
        return refusal
    raise refusal


def _result(method: str, request_id: int, response: httpx.Response) -> Any:
    body = _body(response)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        raise _refusal(method, error)
    if method == "eth_getLogs" and response.status_code == _TOO_LARGE:
        raise TooManyTopics(f"{method}: HTTP {_TOO_LARGE}", code=_TOO_LARGE, data=None)
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
    if method == "eth_getLogs" and (told := refusal_of_logs(message, code)) is not None:
        return told
    if code in _RATE_LIMIT_CODES:
        return RpcUnavailable(message)
    if code == _INTERNAL_ERROR and "revert" not in message.lower():
        return RpcBroke(message)
    data = error.get("data")
    return RpcRefused(message, code=code, data=data if isinstance(data, str) else None)
