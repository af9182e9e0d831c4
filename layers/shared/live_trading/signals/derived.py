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


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """`record` is the window that counts; `shares` and `fee` are what `stake` buys and pays at the assumed price."""

    record: TraderRecord | None
    win_rate: Decimal | None
    conviction: Decimal | None
    probability: Decimal | None
    cost: Decimal | None
    edge: Decimal | None
    stake: Usd | None
    shares: Shares | None
    fee: Usd | None


def derive(inputs: EvaluationInputs) -> Derived:
    """Everything that follows from the inputs before any check."""
    record = None
    if inputs.stats is not None:
        record = chosen_record(inputs.stats, inputs.config.min_trader_resolved_count)
    win_rate = None if record is None else chances.win_rate(record)
    conviction = None if record is None else chances.conviction(inputs.trade.trade_usd, record.average_trade_usd)
    probability = _probability(inputs, record, win_rate)
    cost = _cost(inputs)
    edge = None if probability is None or cost is None else probability - cost
    wanted = None
    if cost is not None:
        wanted = stake(
            inputs.config,
            SizingFacts(
                bankroll=inputs.bankroll,
                trade_usd=inputs.trade.trade_usd,
                probability=probability,
                cost=cost,
                edge=edge,
                conviction=conviction,
                win_rate=win_rate,
                model_probability=inputs.model_probability,
                multiplier=inputs.stake_multiplier,
            ),
        )
    shares, fee = _bought(inputs, wanted)
    return Derived(
        record=record,
        win_rate=win_rate,
        conviction=conviction,
        probability=probability,
        cost=cost,
        edge=edge,
        stake=wanted,
        shares=shares,
        fee=fee,
    )


def _probability(inputs: EvaluationInputs, record: TraderRecord | None, win_rate: Decimal | None) -> Decimal | None:
    match inputs.config.probability_source:
        case ProbabilitySource.MODEL:
            return inputs.model_probability
        case ProbabilitySource.TRADER_WIN_RATE:
            return win_rate
        case ProbabilitySource.TRADER_WIN_RATE_SHRUNK:
            return None if record is None else chances.shrunken_win_rate(record, inputs.prior_mean)


def _cost(inputs: EvaluationInputs) -> Decimal | None:
    if inputs.market is None:
        return None
    return chances.cost_per_share(inputs.trade.price, inputs.config.assumed_slippage_fraction, inputs.market.fees)


def _bought(inputs: EvaluationInputs, wanted: Usd | None) -> tuple[Shares | None, Usd | None]:
    """Shares and fee of a stake at the assumed price, which is never under one tick."""
    if wanted is None or inputs.market is None:
        return None, None
    slipped = inputs.trade.price.value * (1 + inputs.config.assumed_slippage_fraction)
    price = Price.nearest(max(min(chances.HIGHEST_COST, slipped), inputs.market.tick_size.value))
    shares = Shares.floor(wanted.value / price.value, MARKETABLE_TAKER)
    return shares, taker_fee(inputs.market.fees, price, shares)
