"""Every market as Gamma lists it, and where each stands at a moment of the replay.

Three sources share one form: recorded markets, the synthetic markets of the traders' past, and extra markets
that a configuration asks for. Not responsible for the wire form; that is `local.exchange.gamma`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from eth_hash.auto import keccak

from local.exchange.arithmetic import FeeTerms
from local.exchange.tape.recorded import RecordedMarket

FIRST_RECORDED_ID = 2_200_001
FIRST_PAST_ID = 1_900_001
FIRST_EXTRA_ID = 2_300_001
EVENT_ID_OFFSET = 1_500_000


class Stage(StrEnum):
    """Where a market stands on its way to resolution."""

    UNLISTED = "unlisted"
    OPEN = "open"
    REQUESTED = "requested"
    PROPOSED = "proposed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One market. Times are ms of the replay's clock; the last two are None if it never resolves.

    `version` is what Gamma states and may be missing or unknown. `token_ids` are empty for a market of the
    position manager, `position_ids` for one of the conditional tokens.
    """

    market_id: int
    version: str | None
    slug: str
    question: str
    question_id: str
    condition_id: str
    token_ids: tuple[str, ...]
    position_ids: tuple[str, ...] = ()
    outcomes: tuple[str, str]
    category: str
    tags: tuple[str, ...]
    opens_ms: int
    start_ms: int
    end_ms: int
    closes_ms: int
    proposed_ms: int | None
    resolves_ms: int | None
    payouts: tuple[int, int] | None
    is_synthetic: bool
    neg_risk: bool = False
    fees: FeeTerms

    @property
    def event_id(self) -> int:
        return self.market_id - EVENT_ID_OFFSET

    @property
    def asset_ids(self) -> tuple[str, ...]:
        """What is traded: token ids, or position ids where there are no tokens."""
        return self.token_ids or self.position_ids

    def payout_per_share(self, outcome_index: int) -> Decimal:
        """Dollars that one share of an outcome pays; ValueError for a market that never resolves."""
        if self.payouts is None:
            raise ValueError(f"{self.slug} has no payouts")
        return Decimal(self.payouts[outcome_index]) / Decimal(sum(self.payouts))


class Listings:
    """All listings by their ids, and which of them have been resolved, when and by which transaction."""

    def __init__(self, listings: Iterable[Listing] = ()) -> None:
        self._by_condition: dict[str, Listing] = {}
        self._by_asset: dict[str, Listing] = {}
        self._resolved: dict[str, tuple[int, str]] = {}
        for listing in listings:
            self.add(listing)

    def __iter__(self) -> Iterator[Listing]:
        return iter(self._by_condition.values())

    def add(self, listing: Listing) -> None:
        """List one more market."""
        self._by_condition[listing.condition_id] = listing
        for asset_id in listing.asset_ids:
            self._by_asset[asset_id] = listing

    def by_condition(self, condition_id: str) -> Listing | None:
        """The listing of a condition (lower case), None for an unknown one."""
        return self._by_condition.get(condition_id)

    def by_asset(self, asset_id: str) -> Listing | None:
        """The listing of a token or position id, None for an unknown one."""
        return self._by_asset.get(asset_id)

    def mark_resolved(self, condition_id: str, at_ms: int, transaction_hash: str) -> None:
        """Note that the payouts of a market are on the chain since `at_ms`."""
        self._resolved[condition_id] = (at_ms, transaction_hash)

    def resolution(self, condition_id: str) -> tuple[int, str] | None:
        """When a market was resolved and by which transaction, None if it is not."""
        return self._resolved.get(condition_id)

    def stage(self, listing: Listing, now_ms: int) -> Stage:
        """Where a market stands at `now_ms`; resolved only once its payouts are on the chain."""
        resolved = self._resolved.get(listing.condition_id)
        if resolved is not None and resolved[0] <= now_ms:
            return Stage.RESOLVED
        if now_ms < listing.opens_ms:
            return Stage.UNLISTED
        if now_ms < listing.end_ms:
            return Stage.OPEN
        if listing.proposed_ms is None or now_ms < listing.proposed_ms:
            return Stage.REQUESTED
        return Stage.PROPOSED


def recorded_listing(market: RecordedMarket, ordinal: int) -> Listing:
    """The listing of a recorded market; it resolves 60 to 120 s after its end, never while it is quoted."""
    seconds = 60 + int.from_bytes(keccak(market.slug.encode())[:4], "big") % 61
    resolves_ms = max(market.end_ms + seconds * 1000, market.closes_ms + 1000)
    return Listing(
        market_id=FIRST_RECORDED_ID + ordinal,
        version=market.version,
        slug=market.slug,
        question=market.question,
        question_id=market.question_id,
        condition_id=market.condition_id,
        token_ids=() if market.version == "v2" else market.token_ids,
        position_ids=market.token_ids if market.version == "v2" else (),
        outcomes=market.outcomes,
        category=market.category.capitalize(),
        tags=(market.category.capitalize(), "Bitcoin", "Up or Down", "15M"),
        opens_ms=market.opens_ms,
        start_ms=market.start_ms,
        end_ms=market.end_ms,
        closes_ms=market.closes_ms,
        proposed_ms=market.end_ms + 30_000,
        resolves_ms=resolves_ms,
        payouts=market.payouts,
        is_synthetic=False,
        neg_risk=market.neg_risk,
        fees=market.fees,
    )
