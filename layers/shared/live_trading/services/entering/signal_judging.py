"""Judging a wallet's signals: each once, and once more only where what it was judged by has changed. No I/O.

What changes it within a run is what the run itself does: it reserves money and enters tokens; and the volatility of
the market, which is asked for only where a signal may be entered at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.decisions import Evaluation, Verdict
from live_trading.nouns.money import Price, Usd
from live_trading.risk.volatility import multiplier, possible_multipliers
from live_trading.services.entering.signal_queue import PreparedSignal
from live_trading.services.following.evaluation import PreparedTrade
from live_trading.services.following.judging import is_hopeful, judged
from live_trading.services.running.failures import PartFailure
from live_trading.signals.inputs import EvaluationInputs, after_entries
from live_trading.store.accounts.live_strategies import LiveStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSignal:
    """A signal with the verdict on it as it was prepared.

    `is_hopeful`: it is accepted at some stake that the market's volatility may leave of it, so that it is worth asking
    for what an entry needs.
    """

    signal: PreparedSignal
    first: Evaluation
    is_hopeful: bool


def judge(signal: PreparedSignal, failures: list[PartFailure]) -> JudgedSignal:
    """The first verdict on a signal."""
    inputs = signal.prepared.inputs
    first = judged(signal.prepared, inputs, failures)
    scales = [each for each in possible_multipliers(signal.strategy.rules) if each != inputs.stake_multiplier]
    hopeful = first.verdict is Verdict.ACCEPTED or is_hopeful(inputs, scales)
    return JudgedSignal(signal=signal, first=first, is_hopeful=hopeful)


@dataclass(slots=True, kw_only=True)
class RunState:
    """What one run has taken of the strategies' money, and entered, since their signals were prepared.

    `reserved` is committed, `promised` is what entries that are not committed yet will take at most. `entered` has the
    prices of signals by strategy and token, and by trade: what is planned anew is no further entry.
    """

    reserved: dict[UUID, Usd] = field(default_factory=dict)
    promised: dict[UUID, Usd] = field(default_factory=dict)
    entered: dict[tuple[UUID, str], dict[int, Price]] = field(default_factory=dict)

    def reserve(self, strategy: LiveStrategy, amount: Usd) -> None:
        """An entry is committed, and has taken so much."""
        key = strategy.lt_strategy_id
        self.reserved[key] = self.reserved.get(key, Usd.zero()) + amount

    def promise(self, strategy: LiveStrategy, amount: Usd) -> None:
        """An entry that is to be committed takes so much."""
        key = strategy.lt_strategy_id
        self.promised[key] = self.promised.get(key, Usd.zero()) + amount

    def enter(self, strategy: LiveStrategy, prepared: PreparedTrade) -> None:
        """The trade has an order."""
        trade = prepared.inputs.trade
        self.entered.setdefault((strategy.lt_strategy_id, trade.token_id), {})[prepared.source_trade_id] = trade.price

    def inputs(
        self, strategy: LiveStrategy, given: EvaluationInputs, volatility: Decimal | None, *, keeps: bool = False
    ) -> EvaluationInputs:
        """The inputs as the run so far and the market's volatility leave them; with `keeps`, also what is promised."""
        key = strategy.lt_strategy_id
        taken = self.reserved.get(key, Usd.zero())
        if keeps:
            taken += self.promised.get(key, Usd.zero())
        scale = _scale(strategy, volatility)
        if taken or scale != given.stake_multiplier:
            given = replace(given, bankroll=given.bankroll - taken, stake_multiplier=scale)
        entered = self.entered.get((key, given.trade.token_id))
        return given if entered is None else after_entries(given, entered.values())


def judged_now(one: JudgedSignal, inputs: EvaluationInputs, failures: list[PartFailure]) -> Evaluation:
    """The verdict by these inputs: the first one where they are what they were."""
    if inputs == one.signal.prepared.inputs:
        return one.first
    return judged(one.signal.prepared, inputs, failures)


def _scale(strategy: LiveStrategy, volatility: Decimal | None) -> Decimal:
    if strategy.rules.use_volatility_adjustment and volatility is not None:
        return multiplier(strategy.rules, volatility)
    return Decimal(1)
