"""Why a trade was copied or not: decisions by strategy or FT wallet, one with every check, and counts by reason."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api import examples
from live_trading.api.described import CSV, JSON, Example
from live_trading.api.fields import Address, Id, named, text_of
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, ProblemCode, invalid, not_found
from live_trading.api.query import PeriodQuery, whole_text
from live_trading.api.resources.days import DaysAsked, days_of
from live_trading.api.resources.required import own_ft_wallet, own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.csv_text import csv_of
from live_trading.api.views.feed.decision_views import (
    CSV_COLUMNS,
    DecisionSummaryView,
    DecisionsView,
    ExplainedView,
    csv_row,
    decision_view,
    explained_view,
    summary_view,
)
from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Reason, Verdict
from live_trading.nouns.pages import Place
from live_trading.services.following.explaining import explain
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import decision_counts
from live_trading.store.shown import decision_history
from live_trading.store.shown.bounded_looks import Looked
from live_trading.store.shown.decision_history import ShownDecision

_MOST_NUMBER = 999_999_999
_REFUSED_OTHERWISE = frozenset(Reason) - {Reason.ACCEPTED, Reason.TRADER_SOLD}
_ONE_OF = "lt_strategy_id for a strategy's decisions, ft_wallet_id for those that an FT wallet made itself"


class DecisionsAsked(PeriodQuery):
    """Decisions of a strategy or of an FT wallet itself, or on one trade; `since` and `until` are of the decision."""

    lt_strategy_id: Id | None = None
    ft_wallet_id: Id | None = None
    source_trade_id: Annotated[int, *whole_text(0, _MOST_NUMBER)] | None = None
    trader_address: Address | None = None
    condition_id: Annotated[str, *text_of(1, 100)] | None = None
    verdict: Annotated[Verdict, *named(*Verdict)] | None = None
    reason: Annotated[Reason, *named(*Reason)] | None = None

    @property
    def reasons(self) -> frozenset[Reason]:
        """Those that the verdict and the reason leave."""
        of_verdict = {
            None: frozenset(Reason),
            Verdict.ACCEPTED: frozenset({Reason.ACCEPTED}),
            Verdict.EXIT: frozenset({Reason.TRADER_SOLD}),
            Verdict.REJECTED: _REFUSED_OTHERWISE,
        }[self.verdict]
        return of_verdict if self.reason is None else of_verdict & {self.reason}


class SummaryAsked(DaysAsked):
    """Days of a strategy, or of an FT wallet itself."""

    lt_strategy_id: Id | None = None
    ft_wallet_id: Id | None = None


class DecisionsRead:
    """One owner's decisions. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, asked: DecisionsAsked, paging: Paging) -> DecisionsView:
        """A page of decisions."""
        with self._database.transaction() as transaction:
            looked = _found(transaction, owner_id, asked, paging)
        page = paging.cut_of(looked.rows, _place, looked_to=looked.looked_to)
        return DecisionsView(decisions=[decision_view(each) for each in page.rows], next_cursor=page.next_cursor)

    def get(self, owner_id: str, decision_id: int) -> Answer:
        """One decision with everything that it was made of."""
        with self._database.transaction() as transaction:
            found = decision_history.find(transaction, decision_id, owner_id)
            if found is None:
                raise not_found("decision")
            view = explained_view(
                found,
                explain(transaction, decision_id),
                live_orders=decision_history.live_orders_of(transaction, decision_id),
                paper_order=decision_history.paper_order_of(
                    transaction, found.ft_wallet_id, found.trade.source_trade_id
                ),
            )
        return Answer(status=200, body=view)

    def summary(self, owner_id: str, asked: SummaryAsked) -> Answer:
        """Counts by reason and day."""
        since, until = days_of(asked, self._clock.now())
        with self._database.transaction() as transaction:
            subject_id = _own_subject(transaction, owner_id, asked.lt_strategy_id, asked.ft_wallet_id)
            if subject_id is None:
                raise invalid(FieldProblem(field="lt_strategy_id", reason="is missing", allowed=_ONE_OF))
            counts = decision_counts.of_subject(transaction, owner_id, subject_id, since=since, until=until)
        return Answer(status=200, body=summary_view(counts, since, until))


def _found(transaction: Transaction, owner_id: str, asked: DecisionsAsked, paging: Paging) -> Looked[ShownDecision]:
    subject_id = _own_subject(transaction, owner_id, asked.lt_strategy_id, asked.ft_wallet_id)
    if asked.source_trade_id is not None:
        rows = decision_history.on_trade(
            transaction,
            owner_id,
            asked.source_trade_id,
            subject_id=subject_id,
            reasons=asked.reasons,
            trader=asked.trader_address,
            condition_id=asked.condition_id,
            since=asked.since,
            until=asked.until,
            page=paging.asked,
        )
        return Looked(rows=rows, looked_to=None)
    if subject_id is None:
        allowed = f"{_ONE_OF}, or source_trade_id for all on one trade"
        raise invalid(FieldProblem(field="lt_strategy_id", reason="is missing", allowed=allowed))
    return decision_history.of_subject(
        transaction,
        owner_id,
        subject_id=subject_id,
        reasons=asked.reasons,
        trader=asked.trader_address,
        condition_id=asked.condition_id,
        since=asked.since,
        until=asked.until,
        page=paging.asked,
    )


def _own_subject(
    transaction: Transaction, owner_id: str, lt_strategy_id: UUID | None, ft_wallet_id: UUID | None
) -> UUID | None:
    """Whose decisions are asked for; None where nobody is named. Raises Problem for two, and for somebody else's."""
    if lt_strategy_id is not None and ft_wallet_id is not None:
        raise invalid(FieldProblem(field="ft_wallet_id", reason="is too much beside lt_strategy_id", allowed=_ONE_OF))
    if lt_strategy_id is not None:
        return own_strategy(transaction, lt_strategy_id, owner_id).lt_strategy_id
    if ft_wallet_id is not None:
        return own_ft_wallet(transaction, ft_wallet_id, owner_id).ft_wallet_id
    return None


def _place(decision: ShownDecision) -> Place:
    return Place(at=decision.decided_at, row=str(decision.decision_id))


ROUTES = Routes[DecisionsRead]("decisions_read")


@ROUTES.get(
    "/api/decisions",
    query=DecisionsAsked,
    answers=DecisionsView,
    refuses=(ProblemCode.NOT_FOUND,),
    media=(JSON, CSV),
    example=Example(query={"lt_strategy_id": examples.LT_STRATEGY_ID, "verdict": "REJECTED"}),
)
def _list(decisions: DecisionsRead, request: Request) -> Answer | TextAnswer:
    """Why trades were copied or not, newest decision first.

    Exactly one of `lt_strategy_id` and `ft_wallet_id` says whose decisions, or `source_trade_id` on which trade.
    Reason, verdict and time are found by an index. For a trader or a condition the newest 1,000 decisions that fit
    the other filters are looked at; a page with fewer rows than asked for, or none, goes on by its `next_cursor`.
    With `Accept: text/csv` it is a table with a line a decision, and `x-next-cursor` and `link` ask for the next page.
    Trades that a configuration excludes as a whole have no decision: the summary counts them.
    """
    asked = request.asked(DecisionsAsked)
    page = decisions.list(request.owner, asked, request.paging(asked))
    if request.wants == CSV:
        return request.page_as_text(csv_of(CSV_COLUMNS, map(csv_row, page["decisions"])), CSV, page["next_cursor"])
    return Answer(status=200, body=page)


@ROUTES.get(
    "/api/decisions/summary",
    query=SummaryAsked,
    answers=DecisionSummaryView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(
        query={
            "lt_strategy_id": examples.LT_STRATEGY_ID,
            "since": "2026-11-01T00:00:00Z",
            "until": "2026-11-27T00:00:00Z",
        }
    ),
)
def _summary(decisions: DecisionsRead, request: Request) -> Answer:
    """How many trades were decided, by reason and by day, and how many were passed over.

    Passed over are trades that the configuration excludes as a whole, such as those of traders whom it does not follow:
    they have no decision of their own. The counts are kept when it happens, and stay when old decisions are removed.
    Exactly one of `lt_strategy_id` and `ft_wallet_id` is needed; at most 366 days.
    """
    return decisions.summary(request.owner, request.asked(SummaryAsked))


@ROUTES.get("/api/decisions/<decision_id>", answers=ExplainedView, refuses=(ProblemCode.NOT_FOUND,))
def _get(decisions: DecisionsRead, request: Request) -> Answer:
    """One decision with every check in its order, the risk rules, its orders, and what would have let it in.

    The checks are computed again from what is kept. Those behind the one that decided are shown too; each that failed
    says by which smallest change of one setting it alone would have passed, or why there is no such change.
    """
    return decisions.get(request.owner, request.number("decision_id", "decision"))
