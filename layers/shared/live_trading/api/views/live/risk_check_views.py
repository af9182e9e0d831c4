"""How the API shows what the rules would say to an order that nobody has placed."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from live_trading.api.shapes import DecimalText, PriceText, SharesText, UsdText
from live_trading.api.views.lock_views import LockView, lock_view
from live_trading.api.views.plain import text
from live_trading.nouns.orders import OrderPlan, RejectionCode
from live_trading.orders.rounding import TooSmall
from live_trading.risk.gate import GateVerdict
from live_trading.risk.results import RuleName, RuleVerdict
from live_trading.store.risk.locks import LockRow


class PlannedOrderView(TypedDict):
    """An order on the market's grid, and what would be reserved for it, fees included."""

    stake_usd: UsdText
    shares: SharesText
    limit_price: PriceText
    reservation_usd: UsdText


class TooSmallView(TypedDict):
    """Why there is no order: rounded it is under the venue's minimum. Both amounts are in `unit`."""

    reason: RejectionCode
    observed: DecimalText
    minimum: DecimalText
    unit: str


class RuleView(TypedDict):
    """What one rule says; `observed` and `limit` are in the unit of the limit's name, null where it is not known."""

    rule: RuleName
    observed: str | None
    limit: str
    verdict: RuleVerdict
    shrink_to_usd: UsdText | None


class RiskCheckView(TypedDict):
    """The verdict of all rules together, and of each.

    `allowed_order` is what would be let in, smaller where a rule cuts it; `rules_off` are those that have no limit.
    """

    verdict: RuleVerdict
    would_enter: bool
    order: PlannedOrderView | None
    allowed_order: PlannedOrderView | None
    too_small: TooSmallView | None
    locks: list[LockView]
    rules: list[RuleView]
    rules_off: list[RuleName]


def checked_view(
    plan: OrderPlan, verdict: GateVerdict, allowed: OrderPlan | None, stops: Sequence[LockRow]
) -> RiskCheckView:
    """What the rules say to a plan, and what they let in."""
    on = {result.rule for result in verdict.results}
    return RiskCheckView(
        verdict=verdict.worst,
        would_enter=allowed is not None and not stops,
        order=_order(plan),
        allowed_order=None if allowed is None else _order(allowed),
        too_small=None,
        locks=[lock_view(lock) for lock in stops],
        rules=[
            RuleView(
                rule=result.rule,
                observed=result.observed,
                limit=result.limit,
                verdict=result.verdict,
                shrink_to_usd=text(result.shrink_to),
            )
            for result in verdict.results
        ],
        rules_off=[rule for rule in RuleName if rule not in on],
    )


def too_small_view(plan: TooSmall, stops: Sequence[LockRow]) -> RiskCheckView:
    """An order that the venue would not take, so that no rule is asked."""
    return RiskCheckView(
        verdict=RuleVerdict.REJECT,
        would_enter=False,
        order=None,
        allowed_order=None,
        too_small=TooSmallView(
            reason=plan.reason, observed=f"{plan.observed:f}", minimum=f"{plan.minimum:f}", unit=plan.unit
        ),
        locks=[lock_view(lock) for lock in stops],
        rules=[],
        rules_off=[],
    )


def _order(plan: OrderPlan) -> PlannedOrderView:
    return PlannedOrderView(
        stake_usd=str(plan.usd),
        shares=str(plan.shares),
        limit_price=str(plan.limit_price),
        reservation_usd=str(plan.reservation),
    )
