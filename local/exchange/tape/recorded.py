"""Recorded real order books of settled markets, looked up by replay time.

The data are resolvedkit's (CC BY 4.0): about one snapshot a second of both tokens. Condition and token ids
are those of the local chain, where each market is prepared under the hash of its slug.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, cast

from eth_hash.auto import keccak

from local.exchange.arithmetic import FeeTerms
from local.exchange.tape.fee_rates import fee_terms
from local.exchange.units import Price, Shares

COARSE_TICK = Price("0.01")
FINE_TICK = Price("0.001")
Levels = tuple[tuple[Price, Shares], ...]


class MarketKind(StrEnum):
    """Which contracts keep a market's tokens: the protocol's version, and whether its outcomes exclude others."""

    STANDARD = "standard"
    NEG_RISK = "neg_risk"
    V2 = "v2"

    @property
    def version(self) -> str:
        """As the catalogue states it."""
        return "v2" if self is MarketKind.V2 else "v1"


class _PreparedMarket(Protocol):
    @property
    def condition_id(self) -> str: ...
    @property
    def token_ids(self) -> tuple[str, str]: ...


class MarketRegistrar(Protocol):
    """Who gives a market its condition and token ids; the local chain does."""

    def prepare_market(self, question_id: str, *, neg_risk: bool = False) -> _PreparedMarket: ...


class PositionRegistrar(Protocol):
    """Who does so for markets of protocol v2."""

    def prepare_v2_market(self, question_id: str) -> _PreparedMarket: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBook:
    """One recorded snapshot, best level first on both sides; a side nobody quoted is empty."""

    at_ms: int
    bids: Levels
    asks: Levels


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMarket:
    """One settled market.

    `start_ms` and `end_ms` bound the window that the question asks about; the book was quoted from
    `opens_ms` until `closes_ms`, which is some seconds after the end. `payouts` are the numerators that the
    oracle reported, in outcome order.
    """

    slug: str
    question: str
    question_id: str
    condition_id: str
    token_ids: tuple[str, str]
    outcomes: tuple[str, str]
    start_ms: int
    end_ms: int
    opens_ms: int
    closes_ms: int
    payouts: tuple[int, int]
    category: str
    neg_risk: bool = False
    version: str = "v1"
    fees: FeeTerms

    def outcome_index(self, token_id: str) -> int:
        """0 or 1; a token of another market raises ValueError."""
        return self.token_ids.index(token_id)


class RecordedMarkets:
    """All recorded markets in the order in which they end."""

    def __init__(self, tracks: list[tuple[RecordedMarket, tuple[_Track, _Track]]]) -> None:
        self._markets = tuple(market for market, _ in tracks)
        self._by_condition = {market.condition_id: market for market in self._markets}
        self._by_token = {token: market for market in self._markets for token in market.token_ids}
        self._tracks = {
            token: track for market, pair in tracks for token, track in zip(market.token_ids, pair, strict=True)
        }
        self._fine_from: dict[str, float] = {
            market.condition_id: min(track.fine_from_ms for track in pair) for market, pair in tracks
        }

    def __iter__(self) -> Iterator[RecordedMarket]:
        return iter(self._markets)

    def __len__(self) -> int:
        return len(self._markets)

    @property
    def start_ms(self) -> int:
        """When the first book was recorded."""
        return min(market.opens_ms for market in self._markets)

    def by_token(self, token_id: str) -> RecordedMarket | None:
        """The market of an outcome token, None for an unknown one."""
        return self._by_token.get(token_id)

    def by_condition(self, condition_id: str) -> RecordedMarket | None:
        """The market of a condition (lower case), None for an unknown one."""
        return self._by_condition.get(condition_id)

    def book(self, token_id: str, at_ms: int) -> RawBook | None:
        """The newest snapshot not after `at_ms`; None for an unknown token and while no book was quoted."""
        market = self._by_token.get(token_id)
        if market is None or not market.opens_ms <= at_ms <= market.closes_ms:
            return None
        return self._tracks[token_id].at(at_ms)

    def book_times(self, token_id: str) -> tuple[int, ...]:
        """When each snapshot of a token was recorded, in ms, ascending; empty for an unknown token."""
        track = self._tracks.get(token_id)
        return track.times if track else ()

    def tick_size(self, token_id: str, at_ms: int) -> Price:
        """0.01 until the market first needed a finer price, 0.001 from then on; KeyError if unknown."""
        fine_from = self._fine_from[self._by_token[token_id].condition_id]
        return FINE_TICK if at_ms >= fine_from else COARSE_TICK

    def is_open(self, condition_id: str, at_ms: int) -> bool:
        """Whether the venue takes orders for this market; False for an unknown one."""
        market = self._by_condition.get(condition_id)
        return market is not None and market.opens_ms <= at_ms <= market.closes_ms


class _Track:
    """The snapshots of one token, kept as recorded and converted one by one when asked for."""

    def __init__(self, table: Any) -> None:
        self._columns = {name: table.column(name).combine_chunks() for name in _LEVEL_COLUMNS}
        self.times: tuple[int, ...] = tuple(table.column("ts").to_pylist())
        self._snapshot = lru_cache(maxsize=256)(self._convert)

    def at(self, at_ms: int) -> RawBook | None:
        index = bisect_right(self.times, at_ms) - 1
        return None if index < 0 else self._snapshot(index)

    @cached_property
    def fine_from_ms(self) -> float:
        """Time of the first snapshot with a price between whole cents, infinite if there is none."""
        first = min(self._first_fine_row("bid_px"), self._first_fine_row("ask_px"))
        return self.times[int(first)] if math.isfinite(first) else math.inf

    def _first_fine_row(self, column: str) -> float:
        import pyarrow.compute as pc

        lists = self._columns[column]
        thousandths = pc.cast(pc.round(pc.multiply(pc.list_flatten(lists), 1000)), "int64")
        off_cent = pc.not_equal(pc.multiply(pc.divide(thousandths, 10), 10), thousandths)
        rows = pc.filter(pc.list_parent_indices(lists), off_cent)
        return rows[0].as_py() if len(rows) else math.inf

    def _convert(self, index: int) -> RawBook:
        row = {name: column[index].as_py() for name, column in self._columns.items()}
        return RawBook(
            at_ms=self.times[index],
            bids=_levels(row["bid_px"], row["bid_sz"]),
            asks=_levels(row["ask_px"], row["ask_sz"]),
        )


_LEVEL_COLUMNS = ("bid_px", "bid_sz", "ask_px", "ask_sz")


def _levels(prices: list[float], sizes: list[float]) -> Levels:
    return tuple((_price(price), _shares(size)) for price, size in zip(prices, sizes, strict=True))


@lru_cache(maxsize=4096)
def _price(recorded: float) -> Price:
    return Price(repr(recorded))


@lru_cache(maxsize=65536)
def _shares(recorded: float) -> Shares:
    # a few sizes carry the noise of binary addition in their sixteenth digit
    return Shares.near(Decimal(repr(recorded)))


def load_recorded_markets(
    registrar: MarketRegistrar, *, limit: int | None = None, kinds: Sequence[MarketKind] = (MarketKind.STANDARD,)
) -> RecordedMarkets:
    """Read resolvedkit's sample and register each market, the earliest `limit` of them if given.

    The books say nothing of the contracts behind them: the markets take the `kinds` in turn, in which they end.
    """
    import pyarrow.parquet as pq

    folder = _sample_folder()
    rows = sorted(pq.read_table(folder / "markets.parquet").to_pylist(), key=lambda row: row["end_ts"])
    books = pq.read_table(folder / "books.parquet")
    return RecordedMarkets(
        [
            _market(row, _rows_where(books, "market_id", row["market_id"]), registrar, kinds[place % len(kinds)])
            for place, row in enumerate(rows[:limit])
        ]
    )


def _market(
    row: dict[str, Any], books: Any, registrar: MarketRegistrar, kind: MarketKind
) -> tuple[RecordedMarket, tuple[_Track, _Track]]:
    up, down = (_Track(_rows_where(books, "side", side).sort_by("ts")) for side in ("UP", "DOWN"))
    question_id = "0x" + keccak(row["slug"].encode()).hex()
    payouts = payout_numerators(Decimal(repr(row["payout_up"])), Decimal(repr(row["payout_down"])))
    if kind is MarketKind.NEG_RISK and 0 not in payouts:
        # one outcome of a neg-risk market takes all
        kind = MarketKind.STANDARD
    prepared = _registered(question_id, registrar, kind)
    market = RecordedMarket(
        slug=row["slug"],
        question=row["question"],
        question_id=question_id,
        condition_id=prepared.condition_id,
        token_ids=prepared.token_ids,
        outcomes=(row["outcome_up"], row["outcome_down"]),
        start_ms=row["start_ts"],
        end_ms=row["end_ts"],
        opens_ms=max(up.times[0], down.times[0]),
        closes_ms=min(up.times[-1], down.times[-1]),
        payouts=payouts,
        category=row["category"],
        neg_risk=kind is MarketKind.NEG_RISK,
        version=kind.version,
        fees=fee_terms(row["category"]),
    )
    return market, (up, down)


def _registered(question_id: str, registrar: MarketRegistrar, kind: MarketKind) -> _PreparedMarket:
    match kind:
        case MarketKind.V2:
            return cast("PositionRegistrar", registrar).prepare_v2_market(question_id)
        case MarketKind.NEG_RISK:
            return registrar.prepare_market(question_id, neg_risk=True)
        case MarketKind.STANDARD:
            return registrar.prepare_market(question_id)


def _sample_folder() -> Path:
    # found without importing the package, which would load an HTTP client for nothing
    spec = find_spec("resolvedkit")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("resolvedkit holds the recorded books and is not installed")
    return Path(spec.origin).parent / "sample_data"


def _rows_where(table: Any, column: str, value: str) -> Any:
    import pyarrow.compute as pc

    return table.filter(pc.equal(table.column(column), value))


def payout_numerators(first: Decimal, second: Decimal) -> tuple[int, int]:
    """The smallest whole numerators in the ratio of two payouts per share, as an oracle would report them."""
    fractions = (Fraction(first), Fraction(second))
    scale = math.lcm(*(fraction.denominator for fraction in fractions))
    whole = tuple(int(fraction * scale) for fraction in fractions)
    divisor = math.gcd(*whole) or 1
    return whole[0] // divisor, whole[1] // divisor
