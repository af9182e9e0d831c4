"""The venue's relayer over HTTP: nonces, submission, and what has become of a submission.

Nothing is retried here: what was submitted and not answered may have been taken, and the caller looks before it acts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from live_trading.chain.tls import tls_context
from live_trading.nouns.errors import GiveUp, MalformedAnswer, OutcomeUnknown, RetryLater
from live_trading.polymarket.wire.json_text import parse_json

_RESETS_IN = re.compile(r"resets in (\d+) seconds", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,18}")
_BUSY = re.compile(r"wallet busy|in-flight action", re.IGNORECASE)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TIMEOUT_SECONDS = 10
_TOO_MANY = 429
_ERROR_FIELDS = ("error_msg", "errorMsg", "error")
_UNAVAILABLE = 503


class RelayState(StrEnum):
    """Where the relayer says that a submission stands."""

    NEW = "STATE_NEW"
    EXECUTED = "STATE_EXECUTED"
    MINED = "STATE_MINED"
    CONFIRMED = "STATE_CONFIRMED"
    FAILED = "STATE_FAILED"
    INVALID = "STATE_INVALID"


DEAD = frozenset({RelayState.FAILED, RelayState.INVALID})


class QuotaExceeded(RetryLater):
    """The key has no units left; `retry_after_seconds` is when they come back, where the relayer says so."""


class RelayWalletBusy(RetryLater):
    """Another action of this wallet is in flight at the relayer."""


class RelayRefused(GiveUp):
    """The relayer did not take it and will not: a blocked call, a wrong nonce, a bad signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What the relayer says of one submission; the hash is known once it has sent it."""

    relayer_transaction_id: str
    state: RelayState
    transaction_hash: str | None
    error: str | None


class RelayerClient:
    """One owner's access to the relayer."""

    def __init__(self, url: str, *, api_key: str, owner: str) -> None:
        """`owner` is the address that the key belongs to."""
        self._client = httpx.Client(
            base_url=url,
            timeout=_TIMEOUT_SECONDS,
            verify=tls_context(),
            headers={"RELAYER_API_KEY": api_key, "RELAYER_API_KEY_ADDRESS": owner},
        )
        self._owner = owner

    def next_nonce(self, kind: str) -> int:
        """The wallet's next nonce; `kind` is SAFE or WALLET. Raises RetryLater."""
        answer = self._ask("/v1/account/transactions/params", {"address": self._owner, "type": kind})
        return _nonce(answer)

    def relay_payload(self) -> tuple[str, int]:
        """Which relay will send for a proxy wallet, and at which nonce. Raises RetryLater."""
        answer = self._ask("/relay-payload", {"address": self._owner, "type": "PROXY"})
        address = answer.get("address")
        if not isinstance(address, str) or not address:
            raise MalformedAnswer("the relayer names no relay", raw=str(answer)[:2000])
        return address.lower(), _nonce(answer)

    def submit(self, payload: Mapping[str, Any]) -> Submission:
        """Hands a signed payload over.

        Raises OutcomeUnknown where no answer came, RelayRefused, QuotaExceeded, RelayWalletBusy and RetryLater, with
        nothing taken.
        """
        try:
            response = self._client.post("/submit", json=dict(payload))
        except _NEVER_SENT as error:
            raise RetryLater(f"the relayer cannot be reached ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(f"no answer from the relayer ({type(error).__name__})") from error
        if response.is_server_error and response.status_code != _UNAVAILABLE:
            raise OutcomeUnknown(f"the relayer answers HTTP {response.status_code}")
        answer = _judged(response)
        if not answer.get("transactionID") and answer.get("state") in DEAD:
            raise RelayRefused(f"the relayer says {answer.get('state')}: {_said(answer)}")
        return _submission(answer, answer.get("transactionID"), answer.get("transactionHash"))

    def look(self, relayer_transaction_id: str) -> Submission:
        """What has become of a submission. Raises RetryLater."""
        answer = self._ask(f"/v1/account/transactions/{relayer_transaction_id}", {})
        return _submission(answer, answer.get("transaction_id"), answer.get("transaction_hash"))

    def find(self, signature: str) -> Submission | None:
        """The owner's newest submission under this signature that is not dead, None where there is none.

        Dead ones do not count: what failed without using up its nonce is signed again to the same bytes. Raises
        RetryLater, and MalformedAnswer where one under this signature cannot be read and none that can is alive.
        """
        rows = _content(self._get("/transactions", {}))
        if not isinstance(rows, list):
            raise MalformedAnswer("the relayer's list is no list", raw=str(rows)[:2000])
        return live_submission(rows, signature)

    def _ask(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return _judged(self._get(path, query))

    def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        try:
            response = self._client.get(path, params=dict(query))
        except httpx.TransportError as error:
            raise RetryLater(f"the relayer does not answer ({type(error).__name__})") from error
        if response.is_server_error:
            raise RetryLater(f"the relayer answers HTTP {response.status_code}")
        return response


def live_submission(rows: Sequence[object], signature: str) -> Submission | None:
    """The newest of these submissions that has this signature and is not dead; rows of others are not read.

    Raises MalformedAnswer where there is none and one that cannot be read may be it.
    """
    unread: MalformedAnswer | None = None
    for row in rows:
        if not isinstance(row, dict) or str(row.get("signature")).lower() != signature.lower():
            continue
        try:
            found = _submission(row, row.get("transactionID"), row.get("transactionHash"))
        except MalformedAnswer as error:
            unread = unread or error
            continue
        if found.state not in DEAD:
            return found
    if unread is not None:
        raise unread
    return None


def _judged(response: httpx.Response) -> dict[str, Any]:
    body = _content(response)
    if not isinstance(body, dict):
        raise MalformedAnswer("the relayer's answer is no object", raw=response.text[:2000])
    return body


def _content(response: httpx.Response) -> Any:
    """What a successful answer holds; a refusal as the error that says what the caller may do next."""
    try:
        body = parse_json(response.content)
    except MalformedAnswer as error:
        raise MalformedAnswer("the relayer's answer is no JSON", raw=error.raw[:2000]) from error
    if response.is_success:
        return body
    said = str(body.get("error", body) if isinstance(body, dict) else body)[:500]
    if response.status_code in (_TOO_MANY, _UNAVAILABLE):
        raise QuotaExceeded(said, retry_after_seconds=_reset(response, said))
    if _BUSY.search(said):
        raise RelayWalletBusy(said)
    raise RelayRefused(f"the relayer refuses ({response.status_code}): {said}")


def _reset(response: httpx.Response, said: str) -> float | None:
    found = _RESETS_IN.search(said)
    text = found.group(1) if found else response.headers.get("Retry-After", "")
    return int(text) if _DIGITS.fullmatch(text) else None


def _submission(answer: dict[str, Any], identity: object, transaction_hash: object) -> Submission:
    try:
        return Submission(
            relayer_transaction_id=_text(identity),
            state=RelayState(str(answer.get("state"))),
            transaction_hash=str(transaction_hash).lower() if transaction_hash else None,
            error=_said(answer),
        )
    except ValueError as error:
        raise MalformedAnswer(f"not a submission: {error}", raw=str(answer)[:2000]) from error


def _said(answer: dict[str, Any]) -> str | None:
    """Why it ended; the field has several names."""
    found = next((answer[name] for name in _ERROR_FIELDS if answer.get(name)), None)
    return None if found is None else str(found)[:500]


def _text(identity: object) -> str:
    if not isinstance(identity, str) or not identity:
        raise ValueError("no id")
    return identity


def _nonce(answer: dict[str, Any]) -> int:
    text = str(answer.get("nonce", ""))
    if not _DIGITS.fullmatch(text):
        raise MalformedAnswer("the relayer gave no nonce", raw=str(answer)[:2000])
    return int(text)
