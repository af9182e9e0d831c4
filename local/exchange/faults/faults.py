"""Faults on demand: what goes wrong at the venue, where, how often and for how long.

Responsible for which fault is armed and for counting it down. What a fault does is decided where it strikes:
the CLOB's gate and order routes, the engine, the settlement, the Data API and the geoblock endpoint.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FaultKind(StrEnum):
    """What can go wrong. The comment behind a kind says what its `seconds` mean where it has any."""

    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"  # real seconds that the answer is held before the hang-up
    ACCEPT_THEN_SERVER_ERROR = "accept_then_server_error"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    DROP_BEFORE_ACCEPT = "drop_before_accept"  # real seconds that the connection is held before the hang-up
    ENGINE_RESTARTING = "engine_restarting"  # venue seconds that it lasts
    RATE_LIMITED = "rate_limited"  # the Retry-After that is answered
    SERVER_ERROR = "server_error"
    ORDER_TIMED_OUT = "order_timed_out"
    INSERT_FAILED = "insert_failed"
    EXECUTION_FAILED = "execution_failed"
    DELAYED = "delayed"  # venue seconds until the match is tried
    UNMATCHED = "unmatched"
    SETTLEMENT_FAILURE = "settlement_failure"
    SETTLEMENT_RETRYING = "settlement_retrying"  # venue seconds until the second try
    ORDER_LOOKUP_MISSING = "order_lookup_missing"  # venue seconds that it lasts
    FEED_DELAY = "feed_delay"  # venue seconds that the Data API lags
    GEOBLOCKED = "geoblocked"  # venue seconds that it lasts
    CLOSED_ONLY = "closed_only"  # venue seconds that it lasts
    ADDRESS_BANNED = "address_banned"
    DEPOSIT_WALLET_REQUIRED = "deposit_wallet_required"
    API_KEY_UNKNOWN = "api_key_unknown"
    CLOUDFLARE_BLOCKED = "cloudflare_blocked"
    MARKET_NOT_READY = "market_not_ready"
    MATCH_DELAYED = "match_delayed"
    CANCELED_ON_CHAIN = "canceled_on_chain"
    CROSSES_BOOK = "crosses_book"
    TICK_CHANGED = "tick_changed"
    BALANCE_STALE = "balance_stale"
    POST_ONLY_MODE = "post_only_mode"  # venue seconds that it lasts, and the retry_after_seconds answered
    CANCEL_ONLY = "cancel_only"  # venue seconds that it lasts
    TRADING_DISABLED = "trading_disabled"  # venue seconds that it lasts


ENDS_BY_CLOCK = frozenset(
    {
        FaultKind.ENGINE_RESTARTING,
        FaultKind.ORDER_LOOKUP_MISSING,
        FaultKind.GEOBLOCKED,
        FaultKind.CLOSED_ONLY,
        FaultKind.POST_ONLY_MODE,
        FaultKind.CANCEL_ONLY,
        FaultKind.TRADING_DISABLED,
    }
)

ORDER_ENTRY = ("POST /order", "POST /orders")
ORDER_ENDPOINTS = (
    *ORDER_ENTRY,
    "DELETE /order",
    "DELETE /orders",
    "DELETE /cancel-all",
    "DELETE /cancel-market-orders",
)

# Where a fault strikes that was armed without an endpoint; a kind that is not named strikes anywhere.
DEFAULT_ENDPOINTS: Mapping[FaultKind, tuple[str, ...]] = MappingProxyType(
    {
        FaultKind.ACCEPT_THEN_TIMEOUT: ORDER_ENTRY,
        FaultKind.ACCEPT_THEN_SERVER_ERROR: ORDER_ENTRY,
        FaultKind.ACCEPT_THEN_GARBAGE: ORDER_ENTRY,
        FaultKind.DROP_BEFORE_ACCEPT: ORDER_ENTRY,
        FaultKind.ENGINE_RESTARTING: ORDER_ENDPOINTS,
        FaultKind.TRADING_DISABLED: ORDER_ENDPOINTS,
        FaultKind.CLOUDFLARE_BLOCKED: ORDER_ENTRY,
    }
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault. `remaining` counts the strikes that are left, None where only clearing ends it."""

    fault_id: int
    kind: FaultKind
    endpoint: str | None
    remaining: int | None
    seconds: float | None
    armed_at_ms: int

    def strikes(self, method: str | None, path: str | None) -> bool:
        """Whether it applies to a request, or to something without a path such as a settlement."""
        if path is None:
            return True
        places = DEFAULT_ENDPOINTS.get(self.kind) if self.endpoint is None else (self.endpoint,)
        return places is None or any(_covers(place, method, path) for place in places)

    def is_over(self, now_ms: int) -> bool:
        """Whether its strikes are used up or its time has passed."""
        if self.remaining == 0:
            return True
        lasts = self.seconds is not None and self.kind in ENDS_BY_CLOCK
        return lasts and now_ms >= self.armed_at_ms + round((self.seconds or 0) * 1000)


def _covers(place: str, method: str | None, path: str) -> bool:
    wanted_method, _, wanted_path = place.rpartition(" ")
    if wanted_method and method is not None and wanted_method != method:
        return False
    return path == wanted_path or path.startswith(wanted_path.rstrip("/") + "/")


class Faults:
    """The armed faults of one venue, oldest first."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def arm(
        self,
        kind: FaultKind,
        *,
        endpoint: str | None = None,
        count: int | None = None,
        seconds: float | None = None,
    ) -> Fault:
        """Arm a fault for `count` strikes, or until it is cleared.

        `endpoint` is a path such as `/data/order`, which covers everything below it, or a method and a path
        such as `POST /order`. ValueError for a count below 1 or negative seconds.
        """
        if count is not None and count < 1:
            raise ValueError(f"a fault strikes at least once: {count}")
        if seconds is not None and seconds < 0:
            raise ValueError(f"seconds are not negative: {seconds}")
        fault = Fault(
            fault_id=next(self._ids),
            kind=kind,
            endpoint=endpoint,
            remaining=count,
            seconds=seconds,
            armed_at_ms=self._now_ms(),
        )
        self._armed.append(fault)
        return fault

    def active(self) -> tuple[Fault, ...]:
        """Every fault that can still strike, oldest first."""
        now_ms = self._now_ms()
        self._armed = [fault for fault in self._armed if not fault.is_over(now_ms)]
        return tuple(self._armed)

    def clear(self, kind: FaultKind | None = None) -> int:
        """Disarm all faults of a kind, or all; how many there were."""
        doomed = [fault for fault in self.active() if kind in (None, fault.kind)]
        self._armed = [fault for fault in self._armed if fault not in doomed]
        return len(doomed)

    def find(self, kind: FaultKind, method: str | None = None, path: str | None = None) -> Fault | None:
        """The oldest fault of a kind that applies, without using it up."""
        for fault in self.active():
            if fault.kind is kind and fault.strikes(method, path):
                return fault
        return None

    def take(self, kind: FaultKind, method: str | None = None, path: str | None = None) -> Fault | None:
        """The oldest fault of a kind that applies, one of its strikes used up."""
        fault = self.find(kind, method, path)
        if fault is not None and fault.remaining is not None:
            fault.remaining -= 1
        return fault
