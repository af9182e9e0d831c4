"""From a paper wallet to live money and back: states, what the evidence proposes, and the ladder of capital. Pure.

Promotion is proposed and a person confirms it; stepping down and pausing may be done without one. A proposal names what
it rests on, so that whoever confirms it sees how many markets that are and how strong the evidence is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.analytics.evidence import Evidence, discoveries
from live_trading.nouns.money import Usd


class Stage(StrEnum):
    """CANDIDATE is watched; PROVEN has enough evidence; LIVE has money behind it; WATCH has less of it than before,
    because its edge is in doubt; RETIRED gets none any more."""

    CANDIDATE = "CANDIDATE"
    PROVEN = "PROVEN"
    LIVE = "LIVE"
    WATCH = "WATCH"
    RETIRED = "RETIRED"


class Step(StrEnum):
    """What is proposed or done. PROVE, GO_LIVE, STEP_UP and RETURN need a person; STEP_DOWN and RETIRE may not."""

    PROVE = "PROVE"
    GO_LIVE = "GO_LIVE"
    STEP_UP = "STEP_UP"
    RETURN = "RETURN"
    STEP_DOWN = "STEP_DOWN"
    RETIRE = "RETIRE"


LEADS_TO: Mapping[tuple[Stage, Step], Stage] = {
    (Stage.CANDIDATE, Step.PROVE): Stage.PROVEN,
    (Stage.PROVEN, Step.GO_LIVE): Stage.LIVE,
    (Stage.LIVE, Step.STEP_UP): Stage.LIVE,
    (Stage.LIVE, Step.STEP_DOWN): Stage.WATCH,
    (Stage.WATCH, Step.STEP_DOWN): Stage.WATCH,
    (Stage.WATCH, Step.RETURN): Stage.LIVE,
    (Stage.LIVE, Step.RETIRE): Stage.RETIRED,
    (Stage.WATCH, Step.RETIRE): Stage.RETIRED,
    (Stage.PROVEN, Step.RETIRE): Stage.RETIRED,
    (Stage.CANDIDATE, Step.RETIRE): Stage.RETIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRules:
    """`alpha` is the share of false promotions that is accepted, `fewest_markets` what a proposal needs in any case.

    `doubt` is the detector's value at which an edge counts as gone: the markets that pass on average until an edge that
    is there is doubted. `rungs` are the steps of capital in dollars, rising.
    """

    alpha: Decimal = Decimal("0.05")
    fewest_markets: int = 30
    doubt: Decimal = Decimal(500)
    rungs: tuple[Usd, ...] = (Usd(100), Usd(250), Usd(500), Usd(1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A paper wallet as it stands: its stage, its rung (0 before it is live), and the evidence for and against it.

    `evidence` counts from the wallet's beginning while it is a candidate, and from its last step afterwards.
    """

    ft_wallet_id: UUID
    stage: Stage
    rung: int
    evidence: Evidence
    doubt: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A step with what it rests on; `needs_person` until somebody confirms it."""

    ft_wallet_id: UUID
    step: Step
    to_rung: int
    needs_person: bool
    markets: int
    e_value: Decimal
    doubt: Decimal


_WITHOUT_A_PERSON = frozenset({Step.STEP_DOWN, Step.RETIRE})


def proposals(candidates: Sequence[Candidate], rules: PromotionRules) -> list[Proposal]:
    """What the evidence asks for, at most one step a wallet; doubt goes before everything."""
    proven = discoveries(
        {
            each.ft_wallet_id: each.evidence.highest
            for each in candidates
            if each.stage is Stage.CANDIDATE and each.evidence.markets >= rules.fewest_markets
        }
        | {
            # Those with too few markets are tested all the same: leaving them out would make the others' test easier.
            each.ft_wallet_id: min(each.evidence.highest, Decimal(1))
            for each in candidates
            if each.stage is Stage.CANDIDATE and each.evidence.markets < rules.fewest_markets
        },
        rules.alpha,
    )
    found = ((each, _step(each, rules, is_proven=each.ft_wallet_id in proven)) for each in candidates)
    return [_proposal(each, *asked) for each, asked in found if asked is not None]


def _step(each: Candidate, rules: PromotionRules, *, is_proven: bool) -> tuple[Step, int] | None:
    """The step and the rung that it leads to; None where everything stays."""
    is_enough = each.evidence.markets >= rules.fewest_markets and each.evidence.highest * rules.alpha >= 1
    match each.stage:
        case Stage.CANDIDATE if is_proven:
            return Step.PROVE, 0
        case Stage.LIVE | Stage.WATCH if each.doubt >= rules.doubt:
            return (Step.STEP_DOWN, each.rung - 1) if each.rung > 1 else (Step.RETIRE, 0)
        case Stage.LIVE if is_enough and each.rung < len(rules.rungs):
            return Step.STEP_UP, each.rung + 1
        case Stage.WATCH if is_enough:
            return Step.RETURN, each.rung
    return None


def _proposal(each: Candidate, step: Step, rung: int) -> Proposal:
    return Proposal(
        ft_wallet_id=each.ft_wallet_id,
        step=step,
        to_rung=rung,
        needs_person=step not in _WITHOUT_A_PERSON,
        markets=each.evidence.markets,
        e_value=each.evidence.highest,
        doubt=each.doubt,
    )
