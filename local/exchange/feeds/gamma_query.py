"""Questions to Gamma: its filters, page sizes and cursors."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from local.exchange.feeds.gamma_rows import tag_id, tag_slug
from local.exchange.tape.listings import Listing, Stage

DEFAULT_PAGE = 20
MAX_FILTER_IDS = 100
MAX_OFFSET = 2000


class BadGammaQuery(Exception):
    """A parameter that Gamma answers with 422."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Gamma's filters. A repeated flat key names several values; keys that Gamma does not know are ignored."""

    ids: frozenset[str]
    slugs: frozenset[str]
    conditions: frozenset[str]
    tokens: frozenset[str]
    positions: frozenset[str]
    questions: frozenset[str]
    versions: frozenset[str]
    tag: str | None
    tag_slug: str | None
    is_closed: bool
    uma_status: str | None
    resolution_status: str | None
    ends_from_ms: int | None
    ends_until_ms: int | None
    is_event: bool

    @classmethod
    def of(cls, params: QueryParams, *, is_event: bool) -> Selection:
        return cls(
            ids=_several(params, "id"),
            slugs=_several(params, "slug"),
            conditions=frozenset(value.lower() for value in _several(params, "condition_ids")),
            tokens=_several(params, "clob_token_ids"),
            positions=_several(params, "position_ids"),
            questions=frozenset(value.lower() for value in _several(params, "question_ids")),
            versions=_several(params, "version"),
            tag=params.get("tag_id"),
            tag_slug=params.get("tag_slug"),
            is_closed=_boolean(params, "closed"),
            uma_status=params.get("uma_resolution_status"),
            resolution_status=params.get("resolution_status"),
            ends_from_ms=_time_ms(params, "end_date_min"),
            ends_until_ms=_time_ms(params, "end_date_max"),
            is_event=is_event,
        )

    def takes(self, listing: Listing, stage: Stage) -> bool:
        return (
            self._names(listing)
            and self._is_in_state(listing, stage)
            and self._is_tagged(listing)
            and (self.ends_from_ms is None or listing.end_ms >= self.ends_from_ms)
            and (self.ends_until_ms is None or listing.end_ms <= self.ends_until_ms)
        )

    def _names(self, listing: Listing) -> bool:
        own_id = str(listing.event_id if self.is_event else listing.market_id)
        return (
            (not self.ids or own_id in self.ids)
            and (not self.slugs or listing.slug in self.slugs)
            and (not self.conditions or listing.condition_id in self.conditions)
            and (not self.tokens or not self.tokens.isdisjoint(listing.token_ids))
            and (not self.positions or not self.positions.isdisjoint(listing.position_ids))
            and (not self.questions or listing.question_id in self.questions)
            and (not self.versions or listing.version in self.versions)
        )

    def _is_in_state(self, listing: Listing, stage: Stage) -> bool:
        is_resolved = stage is Stage.RESOLVED
        status = "resolved" if is_resolved else "active"
        return (
            is_resolved == self.is_closed
            and (self.uma_status is None or (listing.version == "v1" and stage == self.uma_status))
            and (self.resolution_status is None or (listing.version == "v2" and self.resolution_status == status))
        )

    def _is_tagged(self, listing: Listing) -> bool:
        return (self.tag is None or self.tag in {tag_id(tag) for tag in listing.tags}) and (
            self.tag_slug is None or self.tag_slug in {tag_slug(tag) for tag in listing.tags}
        )


def _several(params: QueryParams, key: str) -> frozenset[str]:
    values = params.getlist(key)
    if len(values) > MAX_FILTER_IDS:
        raise BadGammaQuery(f"{key} accepts at most {MAX_FILTER_IDS} values")
    return frozenset(values)


def _boolean(params: QueryParams, key: str) -> bool:
    value = params.get(key, "false")
    if value not in {"true", "false"}:
        raise BadGammaQuery(f"{key} is invalid")
    return value == "true"


def _whole(params: QueryParams, key: str) -> int | None:
    value = params.get(key)
    if value is None:
        return None
    if not value.isdecimal():
        raise BadGammaQuery(f"{key} is invalid")
    return int(value)


def page_limit(params: QueryParams, most: int) -> int:
    """The page size asked for, at most `most`."""
    limit = _whole(params, "limit")
    return min(DEFAULT_PAGE if limit is None else limit, most)


def _time_ms(params: QueryParams, key: str) -> int | None:
    value = params.get(key)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadGammaQuery(f"{key} is invalid") from error
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def page_offset(params: QueryParams) -> int:
    """The offset asked for; BadGammaQuery above 2000."""
    offset = _whole(params, "offset") or 0
    if offset > MAX_OFFSET:
        raise BadGammaQuery(f"offset must be at most {MAX_OFFSET}")
    return offset


def encode_cursor(market_id: int) -> str:
    """An opaque token for the place after a market."""
    return base64.urlsafe_b64encode(f"after:{market_id}".encode()).decode()


def decode_cursor(token: str) -> int:
    """The id of the market that a token was made after; BadGammaQuery if it is not one of ours."""
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise BadGammaQuery("after_cursor is invalid") from error
    if word != "after" or not number.isdecimal():
        raise BadGammaQuery("after_cursor is invalid")
    return int(number)
