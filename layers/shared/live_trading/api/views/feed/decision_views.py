"""How the API shows decisions: in a list with what decided, alone with every check, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from typing_extensions import TypedDict

from live_trading.api.shapes import DayAnswer, DecimalText, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.feed.decision_words import NO_CHANGE_WORDS, WORDS
from live_trading.api.views.feed.source_trade_views import SourceTradeView, source_trade_view
from live_trading.api.views.plain import text
from live_trading.nouns.decisions import ChangeHow, Check, NoChange, Reason, Verdict
from live_trading.risk.explaining.least_limits import least_limit
from live_trading.risk.results import RuleName, RuleVerdict, lets_enter
from live_trading.services.following.explaining import Completeness, ExplainedDecision
from live_trading.signals.checks.least_changes import Change, DecidedBy, least_change
from live_trading.store.feed.decision_counts import DayCount
from live_trading.store.shown.decision_history import KeptResult, MadeOrder, ShownDecision

_MILLISECOND = timedelta(milliseconds=1)


class CheckKind(StrEnum):
    """A check of the evaluation, or a risk rule of the gate behind it."""

    CHECK = "CHECK"
    RISK_RULE = "RISK_RULE"


class FailedView(TypedDict):
    """What decided against the trade: its name, what it saw, and the bound that it saw it against."""

    kind: CheckKind
    name: str
    observed: str | None
    limit: str | None


class DecisionView(TypedDict):
    """A decision on a trade, of an LT strategy or, where `lt_strategy_id` is null, of an FT wallet itself."""

    decision_id: int
    ft_wallet_id: IdAnswer
    lt_strategy_id: IdAnswer | None
    config_version: int
    trade: SourceTradeView
    verdict: Verdict
    reason: Reason
    reason_words: str
    failed: FailedView | None
    stake_usd: UsdText
    decided_at: MomentAnswer
    seen_to_decided_milliseconds: int
    trade_to_decided_milliseconds: int


class DecisionsView(TypedDict):
    """A page of decisions, newest first. It may be short although there are more, which `next_cursor` says."""

    decisions: list[DecisionView]
    next_cursor: NextCursor


class LeastChangeView(TypedDict):
    """The smallest change of one setting with which this check alone would have passed.

    Any of `settings` bounds it. `not_computable` says why there is none.
    """

    settings: list[str]
    how: ChangeHow | None
    value: str | None
    not_computable: NoChange | None
    not_computable_words: str | None


class CheckView(TypedDict):
    """A check in its order. `passed` is null where it is off or had nothing to look at: `had_data` tells the two apart.

    `is_decisive` marks the one that the decision's reason names.
    """

    name: str
    observed: str | None
    limit: str | None
    passed: bool | None
    had_data: bool
    is_decisive: bool
    would_pass_with: LeastChangeView | None


class RuleView(TypedDict):
    """What a risk rule said. `let_in` is true also of a rule that may go without data."""

    rule: RuleName
    observed: str | None
    limit: str
    verdict: RuleVerdict
    let_in: bool
    would_pass_with: LeastChangeView | None


class MadeOrderView(TypedDict):
    """An order that came of it; its state, and how it ended."""

    order_id: IdAnswer
    state: str
    outcome: str


class ExplainedView(TypedDict):
    """A decision with everything that it was made of.

    `completeness` says what `checks` are. `hash_agrees`: what is kept of the inputs is what was decided by;
    `verdict_agrees`: judged again it comes to the same; both are null where that cannot be computed any more.
    `paper_order` is the FT wallet's on the same trade.
    """

    decision: DecisionView
    completeness: Completeness
    hash_agrees: bool | None
    verdict_agrees: bool | None
    probability: DecimalText | None
    cost_per_share: DecimalText | None
    edge: DecimalText | None
    conviction: DecimalText | None
    checks: list[CheckView]
    rules: list[RuleView]
    live_orders: list[MadeOrderView]
    paper_order: MadeOrderView | None


class ReasonCountView(TypedDict):
    """Trades with a reason. Those `passed_over` the configuration excludes as a whole: they have no decision."""

    reason: Reason
    reason_words: str
    decided: int
    passed_over: int


class DayCountView(TypedDict):
    """What was decided on a day, in UTC, and what was passed over."""

    day: DayAnswer
    accepted: int
    rejected: int
    followed_out: int
    passed_over: int


class DecisionSummaryView(TypedDict):
    """Counts of a strategy, or of an FT wallet itself, over days that are both in it."""

    since_day: DayAnswer
    until_day: DayAnswer
    accepted: int
    rejected: int
    followed_out: int
    passed_over: int
    reasons: list[ReasonCountView]
    days: list[DayCountView]


def decision_view(decision: ShownDecision) -> DecisionView:
    """One decision as a list has it."""
    trade = decision.trade
    return DecisionView(
        decision_id=decision.decision_id,
        ft_wallet_id=str(decision.ft_wallet_id),
        lt_strategy_id=text(decision.lt_strategy_id),
        config_version=decision.config_version,
        trade=source_trade_view(trade),
        verdict=decision.verdict,
        reason=decision.reason,
        reason_words=WORDS[decision.reason],
        failed=_failed(decision),
        stake_usd=str(decision.stake),
        decided_at=decision.decided_at.isoformat(),
        seen_to_decided_milliseconds=(decision.decided_at - trade.seen_at) // _MILLISECOND,
        trade_to_decided_milliseconds=(decision.decided_at - trade.trade_time) // _MILLISECOND,
    )


def explained_view(
    decision: ShownDecision,
    explained: ExplainedDecision,
    *,
    live_orders: Sequence[MadeOrder],
    paper_order: MadeOrder | None,
) -> ExplainedView:
    """One decision with every check and rule."""
    return ExplainedView(
        decision=decision_view(decision),
        completeness=explained.completeness,
        hash_agrees=explained.hash_agrees,
        verdict_agrees=explained.verdict_agrees,
        probability=_plain(decision.probability),
        cost_per_share=_plain(decision.cost_per_share),
        edge=_plain(decision.edge),
        conviction=_plain(decision.conviction),
        checks=[_check_view(each, decision, explained) for each in _all_checks(decision, explained)],
        rules=[_rule_view(each) for each in decision.rules],
        live_orders=[_made(each) for each in live_orders],
        paper_order=None if paper_order is None else _made(paper_order),
    )


def summary_view(counts: Sequence[DayCount], since: date, until: date) -> DecisionSummaryView:
    """Counts by reason, the most first, and by day."""
    decided, passed = _by_reason(counts, is_passed_over=False), _by_reason(counts, is_passed_over=True)
    reasons = sorted({*decided, *passed}, key=lambda each: (-decided[each] - passed[each], each))
    days = list(dict.fromkeys(each.day for each in counts))
    return DecisionSummaryView(
        since_day=since.isoformat(),
        until_day=until.isoformat(),
        **_by_verdict(counts),
        reasons=[
            ReasonCountView(reason=each, reason_words=WORDS[each], decided=decided[each], passed_over=passed[each])
            for each in reasons
        ],
        days=[
            DayCountView(day=day.isoformat(), **_by_verdict([each for each in counts if each.day == day]))
            for day in days
        ],
    )


# Of a table: the trade's and the decision's own columns in one line.
CSV_COLUMNS = (
    "decision_id", "decided_at", "lt_strategy_id", "ft_wallet_id", "config_version", "verdict", "reason",
    "reason_words", "failed_kind", "failed_name", "failed_observed", "failed_limit", "stake_usd", "source_trade_id",
    "trade_time", "seen_at", "trader_address", "condition_id", "token_id", "title", "slug", "outcome_label", "side",
    "price", "shares", "usd", "seen_to_decided_milliseconds", "trade_to_decided_milliseconds",
)  # fmt: skip


def csv_row(view: DecisionView) -> list[object]:
    """The cells of a decision in the order of the columns."""
    failed = {f"failed_{name}": value for name, value in (view["failed"] or {}).items()}
    cells: dict[str, Any] = {**view["trade"], **view, **failed}
    return [cells.get(name) for name in CSV_COLUMNS]


def _failed(decision: ShownDecision) -> FailedView | None:
    """The risk rule where it was one, else the check that the reason names."""
    if decision.verdict is not Verdict.REJECTED:
        return None
    for result in decision.rules:
        if not lets_enter(result.rule, result.verdict):
            return FailedView(kind=CheckKind.RISK_RULE, name=result.rule, observed=result.observed, limit=result.limit)
    failed = [each for each in decision.checks if each.passed is False and each.reason in (decision.reason, None)]
    if not failed:
        return None
    check = failed[-1]
    return FailedView(kind=CheckKind.CHECK, name=check.name, observed=check.observed, limit=check.limit)


def _all_checks(decision: ShownDecision, explained: ExplainedDecision) -> Iterator[Check]:
    """Those computed again, and behind them what failed after the evaluation, such as the venue's minimum."""
    yield from explained.checks
    known = {(each.name, each.passed) for each in explained.checks}
    yield from (each for each in decision.checks if (each.name, each.passed) not in known)


def _check_view(check: Check, decision: ShownDecision, explained: ExplainedDecision) -> CheckView:
    has_failed = check.passed is False
    change: Change | None = None
    if has_failed:
        change = NoChange.NOT_KNOWN
        if explained.config is not None:
            limit = (explained.decision.own or {}).get("max_age")
            decided_by = DecidedBy(at=decision.decided_at, max_signal_age_seconds=limit)
            change = least_change(check, explained.config, decided_by)
    return CheckView(
        name=check.name,
        observed=check.observed,
        limit=check.limit,
        passed=check.passed,
        had_data=check.observed is not None,
        is_decisive=has_failed and check.reason is decision.reason,
        would_pass_with=None if change is None else _change_view(change),
    )


def _rule_view(result: KeptResult) -> RuleView:
    has_let_in = lets_enter(result.rule, result.verdict)
    change = (
        None
        if has_let_in
        else least_limit(result.rule, observed=result.observed, limit=result.limit, verdict=result.verdict)
    )
    return RuleView(
        rule=result.rule,
        observed=result.observed,
        limit=result.limit,
        verdict=result.verdict,
        let_in=has_let_in,
        would_pass_with=None if change is None else _change_view(change),
    )


def _change_view(change: Change) -> LeastChangeView:
    if isinstance(change, NoChange):
        return LeastChangeView(
            settings=[], how=None, value=None, not_computable=change, not_computable_words=NO_CHANGE_WORDS[change]
        )
    return LeastChangeView(
        settings=list(change.settings),
        how=change.how,
        value=change.value,
        not_computable=None,
        not_computable_words=None,
    )


def _made(order: MadeOrder) -> MadeOrderView:
    return MadeOrderView(order_id=str(order.order_id), state=order.state, outcome=order.outcome)


def _plain(value: object) -> str | None:
    return None if value is None else f"{value:f}"


def _by_reason(counts: Iterable[DayCount], *, is_passed_over: bool) -> Counter[Reason]:
    found: Counter[Reason] = Counter()
    for each in counts:
        if each.is_passed_over is is_passed_over:
            found[each.reason] += each.trades
    return found


class _Verdicts(TypedDict):
    accepted: int
    rejected: int
    followed_out: int
    passed_over: int


def _by_verdict(counts: Sequence[DayCount]) -> _Verdicts:
    decided, passed = _by_reason(counts, is_passed_over=False), _by_reason(counts, is_passed_over=True)
    accepted, followed_out = decided[Reason.ACCEPTED], decided[Reason.TRADER_SOLD]
    return _Verdicts(
        accepted=accepted,
        rejected=decided.total() - accepted - followed_out,
        followed_out=followed_out,
        passed_over=passed.total(),
    )
