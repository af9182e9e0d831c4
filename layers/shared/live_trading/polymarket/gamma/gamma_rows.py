"""Gamma's market rows as markets, with what its labels hint about the resolution.

Gamma hints; the chain decides what a market pays. A row that cannot be read, or that answers another question than
the one asked, becomes a QuarantinedRow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion, ResolutionState, is_position_id
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.wire.field_types import (
    PADDED_LENGTH,
    Amount,
    ConditionId,
    OptionalMoment,
    Shown,
    Tick,
    TokenId,
    WireModel,
    ZeroToOne,
    price_of,
    shares_of,
    unpadded,
)
from live_trading.polymarket.wire.json_text import parse_json
from live_trading.polymarket.wire.set_aside import ROW_FAILURES, set_aside

SOURCE = "gamma.markets"
NO_FEES = FeeSchedule(rate=Decimal(0), exponent=Decimal(1))
_RESOLVED = frozenset({"resolved", "settled"})
_BINARY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSnapshot:
    """One market as Gamma shows it, up to five minutes old, and what Gamma says of its resolution."""

    market: Market
    resolution_hint: ResolutionState


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaAnswer:
    """The markets by condition id, and the rows that were none; an id that is in neither is not known to Gamma."""

    markets: dict[str, MarketSnapshot]
    malformed: list[QuarantinedRow]


def _decoded(raw: object) -> object:
    """Gamma writes lists as JSON text inside JSON; newer fields are real lists."""
    if not isinstance(raw, str):
        return raw
    try:
        return parse_json(raw)
    except MalformedAnswer as error:
        raise ValueError(str(error)) from error


TextList = Annotated[list[str], BeforeValidator(_decoded)]
TokenList = Annotated[list[TokenId], BeforeValidator(_decoded)]
WholeOrText = Annotated[str, BeforeValidator(lambda raw: str(raw) if type(raw) is int else raw)]


def _false_if_absent(raw: object) -> object:
    return False if raw is None else raw


Flag = Annotated[bool, BeforeValidator(_false_if_absent)]


class _GammaModel(WireModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Tag(_GammaModel):
    label: Shown = ""


class _FeeSchedule(_GammaModel):
    rate: ZeroToOne
    exponent: Annotated[Amount, Field(ge=0, le=10)]
    taker_only: bool = True


class _Event(_GammaModel):
    id: WholeOrText | None = None
    category: Shown = ""
    tags: list[_Tag] | None = None


class _MarketRow(_GammaModel):
    condition_id: ConditionId
    question: Shown = ""
    slug: Shown = ""
    version: str | None = None
    outcomes: TextList
    clob_token_ids: TokenList | None = None
    position_ids: TokenList | None = None
    active: bool
    closed: bool
    archived: Flag = False
    accepting_orders: Flag = False
    enable_order_book: Flag = False
    end_date: OptionalMoment = None
    game_start_time: OptionalMoment = None
    neg_risk: bool | None = None
    neg_risk_other: Flag = False
    order_price_min_tick_size: Tick
    order_min_size: Annotated[Amount, Field(ge=0)]
    fees_enabled: bool | None = None
    fee_schedule: _FeeSchedule | None = None
    uma_resolution_status: Shown = ""
    resolution_status: Shown = ""
    category: Shown = ""
    tags: list[_Tag] | None = None
    events: list[_Event] | None = None

    def protocol(self) -> ProtocolVersion:
        """Which contracts hold the tokens; a missing or strange version stays unknown."""
        return ProtocolVersion(self.version) if self.version in ("v1", "v2") else ProtocolVersion.UNKNOWN

    def known_as(self) -> str:
        """The id of the condition where nobody asked for it by another: a v2 condition has 31 bytes."""
        return unpadded(self.condition_id) if self.protocol() is ProtocolVersion.V2 else self.condition_id

    def token_ids(self) -> tuple[str, ...]:
        """The ids that belong to the version, also where both fields are filled; one for each outcome."""
        ids = tuple((self.position_ids if self.protocol() is ProtocolVersion.V2 else self.clob_token_ids) or ())
        if len(ids) != len(self.outcomes) or len(set(ids)) != len(ids):
            raise ValueError(f"{len(ids)} token ids for {len(self.outcomes)} outcomes")
        if self.protocol() is not ProtocolVersion.UNKNOWN and len(ids) != _BINARY:
            raise ValueError(f"{len(ids)} outcomes where a market has {_BINARY}")
        if self.protocol() is ProtocolVersion.V2 and not all(is_position_id(each) for each in ids):
            raise ValueError("positionIds: no ids of a position manager")
        return ids

    def fees(self) -> FeeSchedule:
        """The fee schedule: none only where Gamma says so, or states no schedule and does not say that there are fees.

        A schedule without the flag is charged; the flag may be absent, and expecting too little is the dangerous way.
        """
        if self.fees_enabled is False or (self.fees_enabled is None and self.fee_schedule is None):
            return NO_FEES
        if self.fee_schedule is None:
            raise ValueError("feeSchedule: missing, although fees are enabled")
        if not self.fee_schedule.taker_only:
            raise ValueError("feeSchedule: makers pay too, which is no schedule that we know")
        return FeeSchedule(rate=self.fee_schedule.rate, exponent=self.fee_schedule.exponent)

    def tag_labels(self) -> tuple[str, ...]:
        """The labels of market and events, each once, in their order."""
        tags = [*(self.tags or []), *(tag for event in self.events or [] for tag in event.tags or [])]
        return tuple(dict.fromkeys(tag.label for tag in tags if tag.label))

    def category_name(self) -> str | None:
        """The market's category, else the first that one of its events has."""
        named = [self.category, *(event.category for event in self.events or [])]
        return next((name for name in named if name), None)

    def resolution_hint(self) -> ResolutionState:
        """What the labels say: RESOLVED only for a closed market, ENDED for a closed one that no label explains."""
        status = self.resolution_status if self.protocol() is ProtocolVersion.V2 else self.uma_resolution_status
        match (status or "").lower():
            case word if word in _RESOLVED and self.closed:
                return ResolutionState.RESOLVED
            case "disputed":
                return ResolutionState.DISPUTED
            case word if word == "proposed" or word in _RESOLVED:
                return ResolutionState.PROPOSED
        return ResolutionState.ENDED if self.closed else ResolutionState.OPEN


def read_markets(rows: Sequence[object], asked: Sequence[str] | None = None) -> GammaAnswer:
    """Markets of an answer. With `asked`, a market that was not asked for is malformed.

    Each market is known by the id under which it was asked for: a v2 condition has 31 bytes, and some surfaces pad it
    to 32.
    """
    wanted = None if asked is None else {unpadded(condition_id): condition_id for condition_id in asked}
    markets: dict[str, MarketSnapshot] = {}
    malformed: list[QuarantinedRow] = []
    for row in rows:
        try:
            snapshot = _read_market(row, wanted, markets)
        except ROW_FAILURES as error:
            malformed.append(set_aside(row, error, SOURCE))
        else:
            markets[snapshot.market.condition_id] = snapshot
    return GammaAnswer(markets=markets, malformed=malformed)


def forms_of(condition_id: str) -> tuple[str, ...]:
    """The ids by which a catalogue may know a condition: short and padded where it may be one of protocol v2."""
    short = unpadded(condition_id)
    return (condition_id,) if len(short) == PADDED_LENGTH else (short, short + "00")


def _read_market(row: object, wanted: dict[str, str] | None, known: Collection[str]) -> MarketSnapshot:
    read = _MarketRow.model_validate(row)
    condition_id = read.known_as() if wanted is None else wanted.get(unpadded(read.condition_id))
    if condition_id is None:
        raise ValueError("a market that was not asked for")
    if condition_id in known:
        raise ValueError("a second row of the same market")
    is_open = read.active and not read.closed and not read.archived
    market = Market(
        condition_id=condition_id,
        version=read.protocol(),
        question=read.question,
        slug=read.slug,
        category=read.category_name(),
        tags=read.tag_labels(),
        event_id=read.events[0].id if read.events else None,
        outcomes=tuple(read.outcomes),
        token_ids=read.token_ids(),
        is_open=is_open,
        # What "Other" stands for changes as a neg-risk event grows, so it is never traded.
        accepting_orders=is_open and read.accepting_orders and read.enable_order_book and not read.neg_risk_other,
        end_time=read.end_date,
        game_start_time=read.game_start_time,
        tick_size=price_of(read.order_price_min_tick_size),
        minimum_order_shares=shares_of(read.order_min_size),
        fees=read.fees(),
        neg_risk=read.neg_risk,
    )
    return MarketSnapshot(market=market, resolution_hint=read.resolution_hint())
