"""What an evaluation costs, by what a configuration asks, against writing the same inputs down as JSON.

Run it with `make bench`. The microseconds are this machine's; what stays is the ratio to the yardstick, which is
measured in turns with it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from live_trading.nouns.decisions import Verdict
from live_trading.nouns.money import Price, Usd
from live_trading.signals.evaluate import evaluate, explained
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding, canonical
from live_trading.signals.paper import walk_book
from tests.builders import CRYPTO_FEES, NOON, a_book, a_config, a_market, inputs
from tests.unit.signals.random_inputs import random_config, random_inputs, stream

ROUNDS = 7
CALLS = 400
CONFIGURATIONS = 50
TRADES = 100
MOST_MICROSECONDS = 100

NOTHING_ASKED: Mapping[str, Any] = {"min_trader_resolved_count": 0, "min_edge": "-1"}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "no conditions": NOTHING_ASKED,
    "the defaults": {},
    "Kelly": {"allocation_method": "KELLY"},
    "tiered": {"allocation_method": "TIERED"},
    "confidence": {"allocation_method": "CONFIDENCE"},
    "conviction": {"allocation_method": "CONVICTION", "min_conviction": "1", "max_conviction": "5"},
    "20 words, 2 topics": {
        "exclude_market_keywords": [f"word{number}" for number in range(20)],
        "market_categories": ["Sports", "Weather"],
    },
    "positions": {"positions": {"max_entries": 5, "min_entry_distance_fraction": "0.1", "reentry": False}},
    "exits": {"exits": {"follow_trader": True, "skip_hedged": True}},
    "price: rejected": {"price_max": "0.3"},
    "edge: rejected": {"min_edge": "0.5"},
    "stake: rejected": {"bet_size": "0.6"},
}
STANDING = TraderStanding(is_held=False, has_left=False, is_hedged=False)
POSITION = PositionStanding(entries=1, last_entry_price=Price("0.3"), last_stop_at=None, was_left=False)


@dataclass(frozen=True, slots=True)
class Line:
    """Microseconds a call."""

    name: str
    verdict: str
    yardstick: float
    short: float
    whole: float

    def text(self) -> str:
        return (
            f"{self.name:<22}{self.verdict:<26}{self.short:>9.1f}{self.short / self.yardstick:>8.2f}"
            f"{self.whole:>11.1f}{self.whole / self.yardstick:>8.2f}"
        )


def main() -> int:
    """Prints a line for each kind, then the mix; 1 where the mix costs more than it may."""
    print(f"{'configuration':<22}{'verdict':<26}{'us':>9}{'ratio':>8}{'explained':>11}{'ratio':>8}")
    for name, keys in KINDS.items():
        made = _of_kind(keys)
        print(_line(name, evaluate(made).reason.value, [made] * CALLS).text())
    pairs = _mix()
    verdicts = Counter(evaluate(each).verdict for each in pairs)
    mixed = _line("mix of pairs", f"{verdicts[Verdict.ACCEPTED] / len(pairs):.0%} accepted", pairs)
    print(mixed.text())
    book, limit, stake = a_book(), Price("0.43"), Usd(60)
    paper, _ = _in_turns([lambda: _each(lambda _: walk_book(book, limit, stake, CRYPTO_FEES), pairs)] * 2)
    print(f"{'a paper fill of two levels':<48}{paper / len(pairs):>9.1f}{paper / len(pairs) / mixed.yardstick:>8.2f}")
    return 0 if mixed.short <= MOST_MICROSECONDS else 1


def _of_kind(keys: Mapping[str, Any]) -> EvaluationInputs:
    return inputs(
        config=a_config(**keys),
        market=a_market(fees=CRYPTO_FEES),
        standing=STANDING if "exits" in keys else None,
        position=POSITION if "positions" in keys else None,
    )


def _mix() -> list[EvaluationInputs]:
    """Every trade for every configuration, as a run has them, with fees as the venue's are."""
    random = stream(NOON.year)
    configs = [random_config(random) for _ in range(CONFIGURATIONS)]
    trades = [_with_usual_fees(random_inputs(random)) for _ in range(TRADES)]
    return [replace(trade, config=config) for trade in trades for config in configs]


def _with_usual_fees(made: EvaluationInputs) -> EvaluationInputs:
    return made if made.market is None else replace(made, market=replace(made.market, fees=CRYPTO_FEES))


def _line(name: str, verdict: str, made: Sequence[EvaluationInputs]) -> Line:
    yardstick, short, whole = _in_turns(
        [
            lambda: _each(lambda each: json.dumps(canonical(each), sort_keys=True), made),
            lambda: _each(evaluate, made),
            lambda: _each(explained, made),
        ]
    )
    return Line(name, verdict, yardstick / len(made), short / len(made), whole / len(made))


def _each(call: Callable[[EvaluationInputs], object], made: Sequence[EvaluationInputs]) -> None:
    for each in made:
        call(each)


def _in_turns(calls: Sequence[Callable[[], None]]) -> list[float]:
    """The least microseconds of this process that each took, all of them measured in the same rounds."""
    least = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for place, call in enumerate(calls):
            began = time.process_time()
            call()
            least[place] = min(least[place], (time.process_time() - began) * 1_000_000)
    return least


if __name__ == "__main__":
    sys.exit(main())
