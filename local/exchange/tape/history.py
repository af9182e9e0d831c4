"""The past that the scripted traders bring along: synthetic markets, trades and redemptions before the replay.

Deterministic by seed. Counts of resolved positions and win rates are spread over the traders, so that some
of them fail the usual minimum counts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from eth_hash.auto import keccak

from local.exchange.json_values import moment
from local.exchange.tape.fee_rates import fee_terms
from local.exchange.tape.listings import FIRST_PAST_ID, Listing, Listings
from local.exchange.tape.tape import Tape, TapeRedemption, TapeTrade
from local.exchange.tape.traders import CENT, FillTimes, Style, Trader, Wish, seeded, synthetic_hash, tape_trades
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

DAYS = 90
DAY_MS = 86_400_000
WINDOW_MS = 900_000
FEWEST_POSITIONS, MOST_POSITIONS = 12, 300
LOWEST_WIN_RATE, HIGHEST_WIN_RATE = 0.42, 0.68
PAST_MARKETS = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRecord:
    """How many resolved positions a trader has had, and how many of them it won."""

    resolved: int
    won: int


def past_markets(seed: int, replay_start_ms: int) -> tuple[Listing, ...]:
    """Synthetic 15-minute markets of the ninety days before the replay, all resolved."""
    rng = seeded(seed, "past markets")
    last_window = (replay_start_ms - 2 * 3_600_000) // WINDOW_MS
    windows = rng.sample(range(last_window - DAYS * DAY_MS // WINDOW_MS, last_window), PAST_MARKETS)
    return tuple(_past_market(ordinal, window * WINDOW_MS, rng) for ordinal, window in enumerate(sorted(windows)))


def _past_market(ordinal: int, start_ms: int, rng: random.Random) -> Listing:
    slug = f"synthetic-btc-updown-15m-{start_ms // 1000}"
    question_id = synthetic_hash("question", slug)
    end_ms = start_ms + WINDOW_MS
    first_wins = rng.random() < 0.5
    return Listing(
        market_id=FIRST_PAST_ID + ordinal,
        version="v1",
        slug=slug,
        question=f"Bitcoin Up or Down (synthetic) - {moment(start_ms):%B %d, %H:%M}-{moment(end_ms):%H:%M} UTC",
        question_id=question_id,
        condition_id=synthetic_hash("condition", slug),
        token_ids=(_token_id(slug, 0), _token_id(slug, 1)),
        outcomes=("Up", "Down"),
        category="Crypto",
        tags=("Crypto", "Bitcoin", "Up or Down", "15M"),
        opens_ms=start_ms - WINDOW_MS,
        start_ms=start_ms,
        end_ms=end_ms,
        closes_ms=end_ms + 30_000,
        proposed_ms=end_ms + 30_000,
        resolves_ms=end_ms + rng.randint(60_000, 120_000),
        payouts=(1, 0) if first_wins else (0, 1),
        is_synthetic=True,
        fees=fee_terms("Crypto"),
    )


def _token_id(slug: str, index: int) -> str:
    return str(int.from_bytes(keccak(f"token:{slug}:{index}".encode()), "big"))


def past_records(traders: tuple[Trader, ...], seed: int) -> dict[str, PastRecord]:
    """By address: counts from twelve to three hundred, win rates from 0.42 to 0.68, dealt out at random."""
    rng = seeded(seed, "past records")
    counts = _spread(FEWEST_POSITIONS, MOST_POSITIONS, len(traders))
    rates = _spread(LOWEST_WIN_RATE, HIGHEST_WIN_RATE, len(traders))
    rng.shuffle(counts)
    rng.shuffle(rates)
    return {
        trader.address: PastRecord(resolved=round(count), won=round(round(count) * rate))
        for trader, count, rate in zip(traders, counts, rates, strict=True)
    }


def _spread(lowest: float, highest: float, count: int) -> list[float]:
    if count == 1:
        return [(lowest + highest) / 2]
    return [lowest + (highest - lowest) * index / (count - 1) for index in range(count)]


def write_history(
    *, tape: Tape, listings: Listings, traders: tuple[Trader, ...], seed: int, replay_start_ms: int
) -> None:
    """Put the past on the tape, oldest first, and its markets among the listings."""
    markets = past_markets(seed, replay_start_ms)
    for market in markets:
        assert market.resolves_ms is not None
        listings.add(market)
        listings.mark_resolved(market.condition_id, market.resolves_ms, synthetic_hash("resolution", market.slug))
    records = past_records(traders, seed)
    events = [
        event
        for trader in traders
        for event in _past_of(trader, records[trader.address], markets, seed, replay_start_ms)
    ]
    for event in sorted(events, key=lambda past: past.visible_ms):
        if isinstance(event, TapeTrade):
            tape.append(event)
        else:
            tape.append_redemption(event)


def _past_of(
    trader: Trader, record: PastRecord, markets: tuple[Listing, ...], seed: int, replay_start_ms: int
) -> list[TapeTrade | TapeRedemption]:
    rng = seeded(seed, trader.label, "past")
    wins = [index < record.won for index in range(record.resolved)]
    rng.shuffle(wins)
    rate = record.won / record.resolved
    events: list[TapeTrade | TapeRedemption] = []
    for market, won in zip(rng.sample(markets, record.resolved), wins, strict=True):
        position = _PastPosition(trader=trader, market=market, won=won, seed=seed, rng=rng)
        events.extend(position.events(rate, replay_start_ms - 60_000))
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class _PastPosition:
    """One position of the past: bought in one to three fills, then sold at its end or held to resolution."""

    trader: Trader
    market: Listing
    won: bool
    seed: int
    rng: random.Random

    def events(self, win_rate: float, latest_ms: int) -> list[TapeTrade | TapeRedemption]:
        """Its trades, and its redemption where that came before `latest_ms`."""
        price = self._entry_price(win_rate)
        fills = self._entry_fills(price)
        bought = sum((shares.value for _, shares in fills), Decimal(0))
        entered_ms = self.rng.randint(self.market.start_ms, self.market.end_ms - 180_000)
        if self.rng.random() < (0.5 if self.trader.style is Style.SCALPER else 0.1):
            # wide enough that the fees of both sides do not turn a win into a loss
            gain = Decimal(self.rng.randint(8, 20)) / 100
            exit_price = price.value + gain if self.won else price.value - gain
            sold = [(Price(min(max(exit_price, CENT), 1 - CENT)), Shares(bought))]
            index = self.rng.choice((0, 1))
            return [
                *self._trades(Side.BUY, index, fills, entered_ms),
                *self._trades(Side.SELL, index, sold, entered_ms + self.rng.randint(30_000, 150_000)),
            ]
        assert self.market.payouts is not None
        winner = self.market.payouts.index(max(self.market.payouts))
        index = winner if self.won else 1 - winner
        return [
            *self._trades(Side.BUY, index, fills, entered_ms),
            *self._redemption(index, Shares(bought), latest_ms),
        ]

    def _entry_price(self, win_rate: float) -> Price:
        drawn = Decimal(str(round(self.rng.gauss(win_rate - 0.02, 0.09), 2)))
        return Price(min(max(drawn, Decimal("0.06")), Decimal("0.94")))

    def _entry_fills(self, price: Price) -> list[tuple[Price, Shares]]:
        usd = self.trader.typical_usd * Decimal(str(round(self.rng.uniform(0.4, 1.8), 2)))
        parts = self.rng.randint(1, 3) if usd > 20 else 1
        shares = (usd / parts / price.value).quantize(CENT, rounding=ROUND_FLOOR)
        return [
            (Price(min(price.value + CENT * step, 1 - CENT)), Shares(max(shares, Decimal(1)))) for step in range(parts)
        ]

    def _trades(self, side: Side, index: int, fills: list[tuple[Price, Shares]], matched_ms: int) -> list[TapeTrade]:
        settled_ms = matched_ms + 3000
        return tape_trades(
            trader=self.trader,
            listing=self.market,
            wish=Wish(side=side, outcome_index=index, limit=fills[-1][0], is_maker=self.rng.random() < 0.2),
            fills=fills,
            transaction_hash=synthetic_hash("past fill", self.seed, self.trader.address, self.market.slug, side),
            times=FillTimes(matched_ms=matched_ms, settled_ms=settled_ms, visible_ms=settled_ms + 2000),
        )

    def _redemption(self, index: int, shares: Shares, latest_ms: int) -> list[TapeRedemption]:
        assert self.market.resolves_ms is not None
        at_ms = self.market.resolves_ms + self.rng.randint(300_000, 20 * 3_600_000)
        if at_ms > latest_ms or (not self.won and self.rng.random() < 0.4):
            return []
        return [
            TapeRedemption(
                transaction_hash=synthetic_hash("past redeem", self.seed, self.trader.address, self.market.slug),
                account=self.trader.address,
                token_id=self.market.asset_ids[index],
                condition_id=self.market.condition_id,
                outcome=self.market.outcomes[index],
                outcome_index=index,
                shares=shares,
                usd=Usd.near(shares.value * self.market.payout_per_share(index)),
                visible_ms=at_ms,
                is_synthetic=True,
            )
        ]
