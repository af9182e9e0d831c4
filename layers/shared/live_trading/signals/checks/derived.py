"""The numbers that the checks and the sizing share, each computed once and None where something is not known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import TraderRecord
from live_trading.orders.fees import taker_fee
from live_trading.orders.rounding import MARKETABLE_TAKER
from live_trading.signals import probability as chances
from live_trading.signals.config import ProbabilitySource
from live_trading.signals.inputs import EvaluationInputs
from live_trading.signals.sizing import SizingFacts, stake
from live_trading.signals.trader_record import chosen_record


@dataclass(frozen=True, slots=True)
class Bet:
    """`shares` and `fee` are what `stake` buys and pays at the assumed price."""

    stake: Usd | None
    shares: Shares | None
    fee: Usd | None


class Derived:
    """What follows from the inputs before any check. `record` is the window that counts.

    The bet is sized when it is asked for: of most trades nobody asks.
    """

    __slots__ = (
        "_bet", "_inputs", "conviction", "cost", "edge", "probability", "record", "trade_usd", "win_rate",
    )  # fmt: skip

    def __init__(self, inputs: EvaluationInputs) -> None:
        config, stats, market = inputs.config, inputs.stats, inputs.market
        self._inputs = inputs
        self._bet: Bet | None = None
        self.trade_usd = inputs.trade.trade_usd
        record = None if stats is None else chosen_record(stats, config.min_trader_resolved_count)
        self.record: TraderRecord | None = record
        self.win_rate: Decimal | None = None
        self.conviction: Decimal | None = None
        if record is not None:
            self.win_rate = chances.win_rate(record)
            self.conviction = chances.conviction(self.trade_usd, record.average_trade_usd)
        self.probability = self._probability(config.probability_source)
        self.cost: Decimal | None = None
        if market is not None:
            self.cost = chances.cost_per_share(inputs.trade.price, config.assumed_slippage_fraction, market.fees)
            if not self.cost.is_finite():
                raise ArithmeticError(f"what a share costs in {market.condition_id} is no number: {market.fees}")
        self.edge: Decimal | None = None
        if self.probability is not None and self.cost is not None:
            self.edge = self.probability - self.cost

    @property
    def bet(self) -> Bet:
        """What would be bet, whatever the checks say."""
        if self._bet is None:
            self._bet = self.bet_scaled(self._inputs.stake_multiplier)
        return self._bet

    def bet_scaled(self, multiplier: Decimal) -> Bet:
        """What would be bet with another stake multiplier than that of the inputs."""
        inputs = self._inputs
        if self.cost is None:
            return Bet(None, None, None)
        wanted = stake(
            inputs.config,
            SizingFacts(
                bankroll=inputs.bankroll,
                trade_usd=self.trade_usd,
                probability=self.probability,
                cost=self.cost,
                edge=self.edge,
                conviction=self.conviction,
                win_rate=self.win_rate,
                model_probability=inputs.model_probability,
                multiplier=multiplier,
            ),
        )
        return self._bought(wanted)

    def _probability(self, source: ProbabilitySource) -> Decimal | None:
        match source:
            case ProbabilitySource.MODEL:
                return self._inputs.model_probability
            case ProbabilitySource.TRADER_WIN_RATE:
                return self.win_rate
            case ProbabilitySource.TRADER_WIN_RATE_SHRUNK:
                return None if self.record is None else chances.shrunken_win_rate(self.record, self._inputs.prior_mean)
            case ProbabilitySource.NONE:
                return None

    def _bought(self, wanted: Usd | None) -> Bet:
        """At the assumed price, which is never under one tick."""
        market = self._inputs.market
        if wanted is None or market is None:
            return Bet(wanted, None, None)
        slipped = self._inputs.trade.price.value * (1 + self._inputs.config.assumed_slippage_fraction)
        price = Price.nearest(max(min(chances.HIGHEST_COST, slipped), market.tick_size.value))
        shares = Shares.floor(wanted.value / price.value, MARKETABLE_TAKER)
        return Bet(wanted, shares, taker_fee(market.fees, price, shares))
