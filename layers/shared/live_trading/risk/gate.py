"""All rules on one proposed entry, every verdict kept, and what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk import breakers, conduct, exposure, losses, market_quality, spending
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleResult, RuleVerdict
from live_trading.risk.snapshot import RiskSnapshot, Standing

_EntryRule = Callable[[RiskRules, ProposedEntry, RiskSnapshot], Iterator[RuleResult]]
_MarketRule = Callable[[RiskRules, ProposedEntry, RiskSnapshot | None], Iterator[RuleResult]]
_StandingRule = Callable[[RiskRules, Standing], Iterator[RuleResult]]

ENTRY_RULES: tuple[_EntryRule, ...] = (
    spending.cash,
    spending.wallet_cover,
    spending.budgets,
    spending.sizes,
    exposure.exposures,
    exposure.positions,
    losses.loss_limits,
    market_quality.latency,
    market_quality.price_collar,
    market_quality.spread,
    market_quality.liquidity,
    market_quality.slippage,
    market_quality.volatility,
    conduct.stake_to_median,
    conduct.order_rate,
    conduct.trader_health,
)
# What a second look at the same order needs to know is its book alone.
MARKET_RULES: tuple[_MarketRule, ...] = (
    market_quality.price_collar,
    market_quality.spread,
    market_quality.liquidity,
    market_quality.slippage,
)
STANDING_RULES: tuple[_StandingRule, ...] = (losses.drawdown, losses.consecutive_losses, breakers.breakers)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """Every rule's result; the entry is let in only where all of them let it.

    `shrink_to` is the largest reservation that would do, where a smaller entry might be let in.
    """

    results: tuple[RuleResult, ...]

    @property
    def lets_enter(self) -> bool:
        return all(result.lets_enter for result in self.results)

    @property
    def shrink_to(self) -> Usd | None:
        hindered = [result for result in self.results if not result.lets_enter]
        if not hindered or any(result.verdict is not RuleVerdict.SHRINK for result in hindered):
            return None
        return min(result.shrink_to for result in hindered if result.shrink_to is not None)

    @property
    def trips(self) -> tuple[RuleResult, ...]:
        return trips_of(self.results)

    @property
    def worst(self) -> RuleVerdict:
        """The verdict that decides: TRIP before REJECT before NO_DATA before SHRINK."""
        hindered = {result.verdict for result in self.results if not result.lets_enter}
        for verdict in (RuleVerdict.TRIP, RuleVerdict.REJECT, RuleVerdict.NO_DATA, RuleVerdict.SHRINK):
            if verdict in hindered:
                return verdict
        return RuleVerdict.PASS


def check_entry(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> GateVerdict:
    """The verdict of every rule that is on, for one entry on the committed state."""
    results = [result for rule in ENTRY_RULES for result in rule(rules, entry, state)]
    return GateVerdict(results=(*results, *check_standing(rules, state.standing)))


def check_market(rules: RiskRules, entry: ProposedEntry) -> GateVerdict:
    """The rules of price and liquidity alone, for an order that was let in before and goes out later."""
    return GateVerdict(results=tuple(result for rule in MARKET_RULES for result in rule(rules, entry, None)))


def check_standing(rules: RiskRules, standing: Standing) -> tuple[RuleResult, ...]:
    """The rules that need no entry: what trips locks by itself."""
    return tuple(result for rule in STANDING_RULES for result in rule(rules, standing))


def trips_of(results: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
    """The results that a lock follows from."""
    return tuple(result for result in results if result.verdict is RuleVerdict.TRIP)
