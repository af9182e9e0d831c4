"""Requests that name themselves are carried out once: the effect and its answer are kept in one transaction.

What has effects outside of one transaction is claimed before it begins, and its answer kept when it has ended. Only
answers to requests that did something are kept. A refused request wrote nothing, so repeating it is judged anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from live_trading.api.problems import Problem, ProblemCode
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater
from live_trading.store.database import idempotency
from live_trading.store.database.audit import Whence
from live_trading.store.database.connection import CommitOutcomeUnknown, Database, StoreUnavailable, Transaction
from live_trading.store.database.idempotency import KeptAnswer

logger = logging.getLogger(__name__)

INCOMPLETE = 207
"""The status of an answer that says what could not be done."""

CLAIM_LASTS = timedelta(minutes=15)
"""Longer than any invocation lives: a claim of that age is one of a process that died before it could answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API answers: an HTTP status of success and a JSON-ready body.

    `edit_token` is what an update of the thing may expect it to be; hexadecimal digits that change with every edit.
    `headers` are further ones, their names in lower case; they are not kept under a key.
    """

    status: int
    body: Mapping[str, Any]
    edit_token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer:
    """A success that is no JSON: its text, its media type, and headers of its own."""

    text: str
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request it is, and what it calls itself; `request_hash` tells two requests under one key apart.

    `is_admin` may act on what concerns more than one owner. `whence` is the request as the gateway saw it.
    """

    owner_id: str
    idempotency_key: str | None
    request_hash: str
    is_admin: bool = False
    whence: Whence | None = None


def request_hash(method: str, path: str, body: Mapping[str, object]) -> str:
    """The sha256 of what is asked for, whatever the order of keys and the white space of its text."""
    text = json.dumps([method, path, body], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def kept_answer(database: Database, caller: Caller) -> Answer | None:
    """The first answer to this request, None where there is none yet.

    Raises Problem (IDEMPOTENCY_KEY_REUSED) where the key named another request.
    """
    if caller.idempotency_key is None:
        return None
    with database.transaction() as transaction:
        return _found(transaction, caller, caller.idempotency_key)


def once(
    database: Database,
    caller: Caller,
    now: datetime,
    effect: Callable[[Transaction], Answer],
    *,
    is_over: Callable[[Transaction, Answer], bool] | None = None,
) -> Answer:
    """Carries out `effect` in one transaction with the keeping of its answer, or gives the first answer again.

    Where `is_over` says of the first answer that what it promised came to nothing, the request is carried out anew.
    Raises what `effect` raises, with nothing written, and Problem (IDEMPOTENCY_KEY_REUSED).
    """
    key = caller.idempotency_key
    with database.transaction() as transaction:
        if key is None:
            return effect(transaction)
        idempotency.lock(transaction, caller.owner_id, key)
        first = _found(transaction, caller, key)
        if first is not None:
            if is_over is None or not is_over(transaction, first):
                return first
            idempotency.forget(transaction, caller.owner_id, key)
        answer = effect(transaction)
        idempotency.keep(transaction, caller.owner_id, key, _to_keep(caller, answer), now)
        return answer


def once_acting(database: Database, caller: Caller, clock: Clock, act: Callable[[], Answer]) -> Answer:
    """Carries out `act`, whose effects lie outside of one transaction, or gives the first answer again.

    Where `act` raises, or answers that something could not be done, the key is free again, so that a repetition does
    what is left. Raises what `act` raises; Problem: IDEMPOTENCY_KEY_REUSED, or WRONG_STATE while another
    invocation carries out the same request; and StoreUnavailable where the key cannot be claimed.
    """
    key = caller.idempotency_key
    if key is None:
        return act()
    first = _claimed(database, caller, key, clock.now())
    if first is not None:
        return first
    try:
        answer = act()
    except BaseException:
        _forget(database, caller, key)
        raise
    if answer.status == INCOMPLETE:
        _forget(database, caller, key)
        return answer
    try:
        _keep(database, caller, key, answer, clock.now())
    except (RetryLater, CommitOutcomeUnknown):
        # It is done, and the caller has to learn that; the claim still keeps a repetition from doing it again at once.
        logger.exception("an answer could not be kept", extra={"owner_id": caller.owner_id})
    return answer


def _forget(database: Database, caller: Caller, key: str) -> None:
    """Frees the key of a request that failed; where that fails too, the claim ends by its age."""
    try:
        with database.transaction() as transaction:
            idempotency.give_back(transaction, caller.owner_id, key)
    except (StoreUnavailable, CommitOutcomeUnknown):
        logger.exception("a claim could not be given back", extra={"owner_id": caller.owner_id})


def _claimed(database: Database, caller: Caller, key: str, now: datetime) -> Answer | None:
    with database.transaction() as transaction:
        idempotency.lock(transaction, caller.owner_id, key)
        first = _found(transaction, caller, key)
        if first is not None:
            return first
        claimed_for = idempotency.claim(
            transaction, caller.owner_id, key, caller.request_hash, now=now, unless_after=now - CLAIM_LASTS
        )
    if claimed_for is None:
        return None
    if claimed_for != caller.request_hash:
        raise _reused()
    raise Problem(
        ProblemCode.WRONG_STATE, "the request of this key is being carried out", facts={"current_state": "running"}
    )


def _keep(database: Database, caller: Caller, key: str, answer: Answer, now: datetime) -> None:
    kept = _to_keep(caller, answer)
    with database.transaction() as transaction:
        idempotency.lock(transaction, caller.owner_id, key)
        idempotency.give_back(transaction, caller.owner_id, key)
        if idempotency.find(transaction, caller.owner_id, key) is None:
            idempotency.keep(transaction, caller.owner_id, key, kept, now)


def _to_keep(caller: Caller, answer: Answer) -> KeptAnswer:
    return KeptAnswer(
        request_hash=caller.request_hash,
        status_code=answer.status,
        body=dict(answer.body),
        edit_token=answer.edit_token,
    )


def _found(transaction: Transaction, caller: Caller, key: str) -> Answer | None:
    kept = idempotency.find(transaction, caller.owner_id, key)
    if kept is None:
        return None
    if kept.request_hash != caller.request_hash:
        raise _reused()
    return Answer(status=kept.status_code, body=kept.body, edit_token=kept.edit_token)


def _reused() -> Problem:
    return Problem(
        ProblemCode.IDEMPOTENCY_KEY_REUSED, "this Idempotency-Key was used for another request; choose a new one"
    )
