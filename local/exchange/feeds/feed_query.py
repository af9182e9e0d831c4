"""Questions to the Data API: parameters read and checked, and cursors that only fit the question they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE
from local.exchange.identity.contracts import EXCHANGE_V3

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CONDITION = re.compile(r"0x([0-9a-fA-F]{62}|[0-9a-fA-F]{64})")
_CURSOR_KEY = b"local exchange cursors"
PROTOCOL_CONTRACTS = frozenset({*asdict(ADDRESSES).values(), STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3})
MAX_PAGE = 1000
DEFAULT_PAGE = 100
MAX_IDS = 20


class BadQuery(Exception):
    """A parameter that the Data API answers with 400; `parameter` is its name where it is one."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter


class Query:
    """The parameters of one request."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self._values = dict(items)
        if "offset" in self._values:
            raise BadQuery("offset is not supported; follow next_cursor", "offset")

    def text(self, name: str) -> str | None:
        """The value, None if absent or empty."""
        return self._values.get(name) or None

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of the allowed values, None if absent."""
        value = self.text(name)
        if value is not None and value not in allowed:
            raise BadQuery(f"{name} must be one of: {', '.join(allowed)}", name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`, the default if absent."""
        value = self.choice(name, ("true", "false"))
        return default if value is None else value == "true"

    def whole(self, name: str) -> int | None:
        """A non-negative whole number, None if absent."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"\d{1,12}", value):
            raise BadQuery(f"{name} must be a non-negative whole number", name)
        return int(value)

    def amount(self, name: str) -> Decimal | None:
        """A non-negative number, None if absent."""
        value = self.text(name)
        if value is None:
            return None
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise BadQuery(f"{name} must be a number", name) from error
        if not amount.is_finite() or amount < 0:
            raise BadQuery(f"{name} must not be negative", name)
        return amount

    def page_size(self) -> int:
        """Rows of the first page: 100 unless stated, 1000 at most."""
        limit = self.whole("limit")
        if limit is None:
            return DEFAULT_PAGE
        if limit > MAX_PAGE:
            raise BadQuery(f"limit must be at most {MAX_PAGE}", "limit")
        return limit

    def user(self, *, required: bool = False) -> str | None:
        """The wallet in lower case."""
        value = self.text("user")
        if value is None:
            if required:
                raise BadQuery("user is required", "user")
            return None
        if not _ADDRESS.fullmatch(value):
            raise BadQuery(f"not an address: {value}", "user")
        if value.lower() in PROTOCOL_CONTRACTS:
            raise BadQuery("user is a protocol contract", "user")
        return value.lower()

    def conditions(self) -> frozenset[str] | None:
        """Condition ids in lower case, from `condition` or its two aliases; None if not given."""
        value = self.text("condition") or self.text("condition_id") or self.text("conditionId")
        if value is None:
            return None
        ids = frozenset(part.strip().lower() for part in value.split(","))
        for condition_id in ids:
            if not _CONDITION.fullmatch(condition_id):
                raise BadQuery(f"not a condition id: {condition_id}", "condition")
        return self._at_most_twenty(ids, "condition")

    def event_ids(self) -> frozenset[str] | None:
        """Event ids as digits, None if not given."""
        value = self.text("event_id")
        if value is None:
            return None
        ids = frozenset(part.strip() for part in value.split(","))
        if not all(re.fullmatch(r"\d{1,10}", event_id) for event_id in ids):
            raise BadQuery("event_id must hold whole numbers", "event_id")
        return self._at_most_twenty(ids, "event_id")

    def _at_most_twenty(self, ids: frozenset[str], name: str) -> frozenset[str]:
        if len(ids) > MAX_IDS:
            raise BadQuery(f"{name} accepts at most {MAX_IDS} distinct values", name)
        return ids

    def filters(self, names: Sequence[str]) -> dict[str, str]:
        """The named parameters as they were sent, for a cursor to be bound to."""
        return {name: value for name in names if (value := self.text(name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page ended: the place of its last row, the page size, and what the walk has settled."""

    anchor: list[Any]
    page_size: int
    settled: dict[str, str]


def encode_cursor(endpoint: str, filters: Mapping[str, str], cursor: Cursor) -> str:
    """An opaque, signed token for one endpoint and one set of filters."""
    body = json.dumps([cursor.anchor, cursor.page_size, cursor.settled, _bound_to(endpoint, filters)]).encode()
    return base64.urlsafe_b64encode(_signature(body) + body).decode().rstrip("=")


def decode_cursor(endpoint: str, filters: Mapping[str, str], token: str) -> Cursor:
    """The cursor again; BadQuery if it is not ours, of another endpoint, or the filters were not repeated."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadQuery("cursor is malformed", "cursor") from error
    signature, body = raw[:8], raw[8:]
    if not hmac.compare_digest(signature, _signature(body)):
        raise BadQuery("cursor is malformed", "cursor")
    anchor, page_size, settled, bound_to = json.loads(body)
    if bound_to != _bound_to(endpoint, filters):
        raise BadQuery("cursor belongs to other filters; repeat those of its first page", "cursor")
    return Cursor(anchor=anchor, page_size=page_size, settled=settled)


def _bound_to(endpoint: str, filters: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps([endpoint, sorted(filters.items())]).encode()).hexdigest()[:16]


def _signature(body: bytes) -> bytes:
    return hmac.new(_CURSOR_KEY, body, hashlib.sha256).digest()[:8]
