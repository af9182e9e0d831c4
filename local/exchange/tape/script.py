"""The scripted traders at work: looks at the books, fills on the tape, winnings redeemed after resolution."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from local.exchange.tape.listings import Listing, Listings
from local.exchange.tape.recorded import RecordedMarket, RecordedMarkets
from local.exchange.tape.styles import Holding, View, act_times, decide, middle
from local.exchange.tape.tape import Tape, TapeRedemption, TapeTrade
from local.exchange.tape.timeline import Timeline
from local.exchange.tape.traders import Trader, Wish, fill_times, fills_from_book, seeded, synthetic_hash, tape_trades
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd


@dataclass(slots=True)
class _Stake:
    """What one trader holds of one outcome, and what it paid for it."""

    shares: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def apply(self, side: Side, price: Price, shares: Shares) -> None:
        if side is Side.BUY:
            self.shares += shares.value
            self.cost += price.value * shares.value
        else:
            self.cost -= self.cost / self.shares * shares.value
            self.shares -= shares.value


@dataclass(slots=True, kw_only=True)
class Script:
    """Every scripted trader's part in every recorded market, decided by the seed and the books alone.

    Where there is an `on_chain`, it gets the trades of each order, and puts them on the tape once the chain has them.
    """

    seed: int
    timeline: Timeline
    markets: RecordedMarkets
    listings: Listings
    tape: Tape
    traders: tuple[Trader, ...]
    on_chain: Callable[[Sequence[TapeTrade]], None] | None = None
    _stakes: dict[tuple[str, str], dict[int, _Stake]] = field(default_factory=dict)
    _orders: int = 0

    def schedule(self) -> None:
        """Put every look of every trader at every market on the timeline."""
        for market in self.markets:
            for trader in self.traders:
                rng = seeded(self.seed, trader.label, market.slug)
                for at_ms in act_times(trader.style, market.start_ms, market.end_ms, rng):
                    self.timeline.call_at(at_ms, partial(self._look, trader, market, rng))

    def _look(self, trader: Trader, market: RecordedMarket, rng: random.Random) -> None:
        view = self._view(trader, market)
        if view is None:
            return
        listing = self.listings.by_condition(market.condition_id)
        assert listing is not None
        for wish in decide(trader, view, rng):
            fills = fills_from_book(wish, view.books[wish.outcome_index], rng)
            if fills:
                self._record(trader, listing, wish, fills, rng)

    def _view(self, trader: Trader, market: RecordedMarket) -> View | None:
        now_ms = self.timeline.now_ms()
        up, down = (self.markets.book(token, now_ms) for token in market.token_ids)
        if up is None or down is None:
            return None
        before = tuple(middle(self.markets.book(token, now_ms - 60_000)) for token in market.token_ids)
        stakes = self._stakes.get((trader.address, market.condition_id), {})
        return View(
            books=(up, down),
            middles_before=(before[0], before[1]),
            holdings={
                index: Holding(
                    shares=stake.shares,
                    average_price=stake.cost / stake.shares if stake.shares else Decimal(0),
                )
                for index, stake in stakes.items()
            },
            seconds_left=(market.end_ms - now_ms) // 1000,
        )

    def _record(
        self,
        trader: Trader,
        listing: Listing,
        wish: Wish,
        fills: list[tuple[Price, Shares]],
        rng: random.Random,
    ) -> None:
        self._orders += 1
        trades = tape_trades(
            trader=trader,
            listing=listing,
            wish=wish,
            fills=fills,
            transaction_hash=synthetic_hash("fill", self.seed, trader.address, listing.slug, self._orders),
            times=fill_times(self.timeline.now_ms(), rng),
        )
        stakes = self._stakes.setdefault((trader.address, listing.condition_id), {})
        if self.on_chain is not None:
            self.on_chain(trades)
        for trade in trades:
            if self.on_chain is None:
                self.tape.append(trade)
            stakes.setdefault(wish.outcome_index, _Stake()).apply(wish.side, trade.price, trade.shares)

    def buy_once(self, trader: Trader, listing: Listing, at_ms: int, price: Price, shares: Shares) -> None:
        """Have a trader buy the first outcome of a market that has no book, at a stated price."""
        wish = Wish(side=Side.BUY, outcome_index=0, usd=price.value * shares.value, limit=price)
        rng = seeded(self.seed, trader.label, listing.slug)
        self.timeline.call_at(at_ms, partial(self._record, trader, listing, wish, [(price, shares)], rng))

    def market_resolved(self, listing: Listing) -> None:
        """Let the traders redeem: the winners within a quarter of an hour, half of the losers as well."""
        for trader in self.traders:
            rng = seeded(self.seed, trader.label, listing.slug, "redeem")
            stakes = self._stakes.get((trader.address, listing.condition_id), {})
            for index, stake in sorted(stakes.items()):
                delay_ms = rng.randint(120_000, 900_000)
                if stake.shares > 0 and (listing.payout_per_share(index) > 0 or rng.random() < 0.5):
                    self.timeline.call_at(
                        self.timeline.now_ms() + delay_ms, partial(self._redeem, trader, listing, index, stake)
                    )

    def _redeem(self, trader: Trader, listing: Listing, index: int, stake: _Stake) -> None:
        shares = Shares.near(stake.shares)
        self.tape.append_redemption(
            TapeRedemption(
                transaction_hash=synthetic_hash("redeem", self.seed, trader.address, listing.slug),
                account=trader.address,
                token_id=listing.asset_ids[index],
                condition_id=listing.condition_id,
                outcome=listing.outcomes[index],
                outcome_index=index,
                shares=shares,
                usd=Usd.near(shares.value * listing.payout_per_share(index)),
                visible_ms=self.timeline.now_ms(),
                is_synthetic=True,
            )
        )
