"""Redemptions behind the API: listed by state, retried and marked as handled with a reason.

Nothing here signs or sends: a retry makes it due, and the next run of lt-redemptions acts.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.fields import Reasoned, named
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, invalid, not_found
from live_trading.api.query import PageQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.money.redemption_views import RedemptionsView, RedemptionView, redemption_view
from live_trading.chain.redemption import ONLY_RELAYED
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import Place
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming import payment_booking, transitions
from live_trading.settlement.machine import TRANSITIONS, Cause, RedemptionState
from live_trading.store.chain import redemption_changes, redemption_history, redemptions
from live_trading.store.chain.redemption_history import RedemptionRecord
from live_trading.store.chain.redemptions import Redemption, RedemptionAction, SettledBy
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction

_NOT_RELAYED = FieldProblem(
    field="kind", reason="the relayer no longer calls the neg-risk adapter", allowed="NEG_RISK, or no kind"
)


class HandledAs(StrEnum):
    """What an operator says has become of a redemption."""

    PAID = "PAID"
    WRITTEN_OFF = "WRITTEN_OFF"


class RetryKind(StrEnum):
    """Kinds that a retry may name; the direct ones go past the collateral adapters and pay USDC.e."""

    STANDARD = "STANDARD"
    NEG_RISK = "NEG_RISK"
    DIRECT = "DIRECT"
    DIRECT_NEG_RISK = "DIRECT_NEG_RISK"


class RetryRedemption(Body):
    """Try it again, and why; `kind` only where another way is wanted."""

    reason: Reasoned
    kind: Annotated[RetryKind, *named(*RetryKind)] | None = None


class MarkHandled(Body):
    """It needs no more work, and why: the money is there in full, or it is given up."""

    reason: Reasoned
    outcome: Annotated[HandledAs, *named(*HandledAs)]


class RedemptionsAsked(PageQuery):
    """A page of redemptions, of those in one state where it is named."""

    state: Annotated[RedemptionState, *named(*RedemptionState)] | None = None


class RedemptionsApi:
    """One owner's redemptions. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, paging: Paging, *, state: RedemptionState | None) -> Answer:
        """A page of redemptions and merges, newest first, of those in one state where `state` names it."""
        with self._database.transaction() as transaction:
            found = redemption_history.of_owner(transaction, owner_id, paging.asked, state=state)
        page = paging.cut(found, lambda each: Place(at=each.created_at, row=str(each.lt_redemption_id)))
        body: RedemptionsView = {
            "redemptions": [redemption_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def get(self, owner_id: str, lt_redemption_id: UUID) -> Answer:
        """One redemption."""
        with self._database.transaction() as transaction:
            return Answer(status=200, body=redemption_view(_existing(transaction, owner_id, lt_redemption_id)))

    def retry(self, caller: Caller, lt_redemption_id: UUID, body: RetryRedemption) -> Answer:
        """Makes a failed redemption due again, with its attempts counted anew and, where asked, by another kind."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            redemption, wallet = _locked(transaction, caller.owner_id, lt_redemption_id)
            _require(redemption, Cause.RETRIED_BY_OPERATOR)
            if body.kind is RetryKind.DIRECT_NEG_RISK and wallet.signature_type in ONLY_RELAYED:
                raise invalid(_NOT_RELAYED)
            moved = transitions.move(transaction, redemption, Cause.RETRIED_BY_OPERATOR, actor=caller.owner_id, now=now)
            redemption_changes.reopen(transaction, moved, kind=body.kind, remark=body.reason)
            _say_why(transaction, caller, moved, "redemption_retried", body.reason, now)
            return Answer(status=200, body=redemption_view(_existing(transaction, caller.owner_id, lt_redemption_id)))

        return once(self._database, caller, now, effect)

    def mark_handled(self, caller: Caller, lt_redemption_id: UUID, body: MarkHandled) -> Answer:
        """Ends a redemption on the operator's word: paid elsewhere in full, or written off."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            redemption, wallet = _locked(transaction, caller.owner_id, lt_redemption_id)
            _require(redemption, Cause.HANDLED_BY_OPERATOR)
            amount = Usd.zero()
            if redemption.action is RedemptionAction.REDEEM and body.outcome is HandledAs.PAID:
                amount = payment_booking.book_on_word(transaction, wallet, redemption, now)
            elif redemption.action is RedemptionAction.REDEEM:
                payment_booking.write_off(transaction, wallet, redemption, now)
            transitions.settle(
                transaction,
                redemption,
                Cause.HANDLED_BY_OPERATOR,
                amount=amount,
                settled_by=SettledBy.OPERATOR,
                actor=caller.owner_id,
                now=now,
                remark=body.reason,
            )
            _say_why(transaction, caller, redemption, f"redemption_{body.outcome.lower()}", body.reason, now)
            return Answer(status=200, body=redemption_view(_existing(transaction, caller.owner_id, lt_redemption_id)))

        return once(self._database, caller, now, effect)


def _existing(transaction: Transaction, owner_id: str, lt_redemption_id: UUID) -> RedemptionRecord:
    found = redemption_history.find(transaction, owner_id, lt_redemption_id)
    if found is None:
        raise not_found("redemption")
    return found


def _locked(transaction: Transaction, owner_id: str, lt_redemption_id: UUID) -> tuple[Redemption, TradingWallet]:
    wallet = redemption_history.lock(transaction, owner_id, lt_redemption_id)
    if wallet is None:
        raise not_found("redemption")
    return redemptions.get(transaction, lt_redemption_id), wallet


def _require(redemption: Redemption, cause: Cause) -> None:
    if (redemption.state, cause) in TRANSITIONS:
        return
    allowed = sorted(state for state, each in TRANSITIONS if each is cause)
    raise Problem(
        ProblemCode.WRONG_STATE,
        f"the redemption is {redemption.state}; this is possible in {', '.join(allowed)}",
        facts={"current_state": redemption.state},
    )


def _say_why(
    transaction: Transaction, caller: Caller, redemption: Redemption, action: str, reason: str, now: datetime
) -> None:
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="lt_redemption",
        subject_id=str(redemption.lt_redemption_id),
        before=None,
        after=None,
        cause=reason,
        at=now,
    )


ROUTES = Routes[RedemptionsApi]("redemptions")


@ROUTES.get(
    "/api/lt/redemptions",
    query=RedemptionsAsked,
    answers=RedemptionsView,
    example=Example(query={"state": "FAILED", "limit": "20"}),
)
def _list(owned: RedemptionsApi, request: Request) -> Answer:
    """Lists redemptions and merges, the newest first."""
    asked = request.asked(RedemptionsAsked)
    return owned.list(request.owner, request.paging(asked), state=asked.state)


@ROUTES.get("/api/lt/redemptions/<lt_redemption_id>", answers=RedemptionView)
def _get(owned: RedemptionsApi, request: Request) -> Answer:
    """Shows a redemption or a merge."""
    return owned.get(request.owner, request.id("lt_redemption_id", "redemption"))


@ROUTES.post(
    "/api/lt/redemptions/<lt_redemption_id>/retry",
    body=RetryRedemption,
    answers=RedemptionView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "gas is there again"}),
)
def _retry(owned: RedemptionsApi, request: Request) -> Answer:
    """Makes a failed redemption due again, with its attempts counted anew.

    It has to be FAILED or NEEDS_OPERATOR. `kind` only where another way is wanted.
    """
    redemption = request.id("lt_redemption_id", "redemption")
    return owned.retry(request.caller, redemption, request.body(RetryRedemption))


@ROUTES.post(
    "/api/lt/redemptions/<lt_redemption_id>/mark-handled",
    body=MarkHandled,
    answers=RedemptionView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(body={"reason": "redeemed by hand", "outcome": "PAID"}),
)
def _mark_handled(owned: RedemptionsApi, request: Request) -> Answer:
    """Ends a redemption on your word: paid elsewhere in full, or written off.

    Refused once it is signed.
    """
    redemption = request.id("lt_redemption_id", "redemption")
    return owned.mark_handled(request.caller, redemption, request.body(MarkHandled))
