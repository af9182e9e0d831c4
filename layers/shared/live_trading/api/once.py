"""Requests that name themselves are carried out once: the effect and its answer are kept in one transaction.

Only answers to requests that did something are kept. A refused request wrote nothing, so repeating it is judged anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from live_trading.api.problems import Problem, ProblemCode
from live_trading.store.database import idempotency
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.idempotency import KeptAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API answers: an HTTP status of success and a JSON-ready body."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request it is, and what it calls itself; `request_hash` tells two requests under one key apart.

    `is_admin` may act on what concerns more than one owner.
    """

    owner_id: str
    idempotency_key: str | None
    request_hash: str
    is_admin: bool = False


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


def once(database: Database, caller: Caller, now: datetime, effect: Callable[[Transaction], Answer]) -> Answer:
    """Carries out `effect` in one transaction with the keeping of its answer, or gives the first answer again.

    Raises what `effect` raises, with nothing written, and Problem (IDEMPOTENCY_KEY_REUSED).
    """
    key = caller.idempotency_key
    with database.transaction() as transaction:
        if key is None:
            return effect(transaction)
        idempotency.lock(transaction, caller.owner_id, key)
        first = _found(transaction, caller, key)
        if first is not None:
            return first
        answer = effect(transaction)
        kept = KeptAnswer(request_hash=caller.request_hash, status_code=answer.status, body=answer.body)
        idempotency.keep(transaction, caller.owner_id, key, kept, now)
        return answer


def _found(transaction: Transaction, caller: Caller, key: str) -> Answer | None:
    kept = idempotency.find(transaction, caller.owner_id, key)
    if kept is None:
        return None
    if kept.request_hash != caller.request_hash:
        raise Problem(
            ProblemCode.IDEMPOTENCY_KEY_REUSED, "this Idempotency-Key was used for another request; choose a new one"
        )
    return Answer(status=kept.status_code, body=kept.body)
