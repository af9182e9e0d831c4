"""Breaks of a trading wallet behind the API: look at them, and explain one so that the ledger follows the chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID, OUTCOME
from live_trading.api.fields import Id, PositiveShares, Reasoned, TokenId, UsdOrNothing
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import Problem, ProblemCode, not_found
from live_trading.api.query import PageQuery, SwitchText
from live_trading.api.routing import Request, Routes
from live_trading.api.views.money.break_views import BreaksView, BreakView, break_view
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.pages import Place
from live_trading.services.comparing.break_accepting import explain
from live_trading.services.comparing.explanations import Adopt, Explanation
from live_trading.services.redeeming import transitions
from live_trading.settlement.machine import Cause, RedemptionState
from live_trading.store.accounts import trading_wallets
from live_trading.store.books import break_clues, breaks
from live_trading.store.books.breaks import BreakKind, StoredBreak
from live_trading.store.chain import redemption_changes, redemptions
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alerts

MOST_TOKENS = 20


class AdoptedToken(Body):
    """Tokens of the wallet that are nobody's, for a strategy: all of them unless `shares` says how many."""

    token_id: TokenId
    lt_strategy_id: Id
    shares: PositiveShares | None = None
    cost_usd: UsdOrNothing | None = None


class AcceptBreak(Body):
    """Why the ledger follows the chain here.

    Missing dollars bought the tokens in `adopt`, and were withdrawn otherwise. Missing shares were those of
    `lt_strategy_id`, or of all that hold them, and brought `proceeds_usd`.
    """

    reason: Reasoned
    adopt: Annotated[tuple[AdoptedToken, ...], Field(max_length=MOST_TOKENS)] | None = None
    lt_strategy_id: Id | None = None
    proceeds_usd: UsdOrNothing | None = None

    @property
    def explanation(self) -> Explanation:
        """The same in exact quantities."""
        adopt = None if self.adopt is None else tuple(_adopt(each) for each in self.adopt)
        proceeds = None if self.proceeds_usd is None else Usd(self.proceeds_usd)
        return Explanation(adopt=adopt, lt_strategy_id=self.lt_strategy_id, proceeds=proceeds)


def _adopt(asked: AdoptedToken) -> Adopt:
    return Adopt(
        token_id=asked.token_id,
        lt_strategy_id=asked.lt_strategy_id,
        shares=None if asked.shares is None else Shares(asked.shares),
        cost=None if asked.cost_usd is None else Usd(asked.cost_usd),
    )


class BreaksAsked(PageQuery):
    """A page of open breaks, or with `all` those that are closed too."""

    all: SwitchText = False


class WalletBreaks:
    """Differences of the owner's wallets. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, trading_wallet_id: UUID, paging: Paging, *, only_open: bool) -> Answer:
        """A page of the breaks of a wallet, newest first, and of open ones what may explain them."""
        with self._database.transaction() as transaction:
            if trading_wallets.find(transaction, trading_wallet_id, owner_id) is None:
                raise not_found("trading wallet")
            found = breaks.of_wallet(transaction, trading_wallet_id, paging.asked, only_open=only_open)
            page = paging.cut(found, lambda each: Place(at=None, row=str(each.break_id)))
            opened = [each for each in page.rows if each.closed_at is None]
            clues = {each.break_id: break_clues.of_break(transaction, each) for each in opened}
        body: BreaksView = {
            "breaks": [break_view(each, clues.get(each.break_id, ())) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def accept(self, caller: Caller, trading_wallet_id: UUID, break_id: int, body: AcceptBreak) -> Answer:
        """Books the difference of a balance as it was last seen, as the person says that it is, and closes it.

        Only a balance can be explained so: a trade that cannot be read, say, has to become readable.
        """
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            if not trading_wallets.lock(transaction, trading_wallet_id, caller.owner_id):
                raise not_found("trading wallet")
            found = breaks.locked(transaction, trading_wallet_id, break_id)
            if found is None:
                raise not_found("break")
            _require_open(found)
            booked = explain(transaction, found, body.explanation, now)
            _close(transaction, found, caller.owner_id, booked.reference, now)
            for condition_id in booked.conditions:
                _redeem_again(transaction, caller, trading_wallet_id, condition_id, body.reason, now)
            audit.record(
                transaction,
                actor=caller.owner_id,
                action="break_accepted",
                subject_type="break",
                subject_id=str(break_id),
                before=break_view(found),
                after={"correction_reference": booked.reference, **body.model_dump(mode="json", warnings=False)},
                cause=body.reason,
                at=now,
            )
            closed = breaks.locked(transaction, trading_wallet_id, break_id)
            return Answer(status=200, body=break_view(closed or found))

        return once(self._database, caller, now, effect)


def _require_open(found: StoredBreak) -> None:
    """Tokens that came beside this system are booked for nobody at once: these can be given to a strategy, once."""
    is_of_tokens = found.found.kind in (BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE)
    if found.closed_at is not None and not (is_of_tokens and found.closed_by == breaks.EXPLAINED):
        raise Problem(ProblemCode.WRONG_STATE, "the break is closed", facts={"current_state": "closed"})


def _close(transaction: Transaction, found: StoredBreak, owner_id: str, reference: str | None, now: datetime) -> None:
    if found.closed_at is not None and reference is not None:
        breaks.adopt_from(transaction, found.break_id, closed_by=owner_id, correction_reference=reference)
        return
    breaks.close(transaction, found.break_id, closed_by=owner_id, correction_reference=reference, now=now)
    alerts.resolve_alert(transaction, alert_type=AlertType.BREAK, subject=str(found.break_id), at=now)


def _redeem_again(
    transaction: Transaction, caller: Caller, trading_wallet_id: UUID, condition_id: str, reason: str, now: datetime
) -> None:
    """A redemption that failed for what is explained now is due again."""
    redemption = redemptions.of_condition(transaction, trading_wallet_id, condition_id)
    if redemption is None or redemption.state not in (RedemptionState.FAILED, RedemptionState.NEEDS_OPERATOR):
        return
    moved = transitions.move(transaction, redemption, Cause.RETRIED_BY_OPERATOR, actor=caller.owner_id, now=now)
    redemption_changes.reopen(transaction, moved, kind=None, remark=reason)


ROUTES = Routes[WalletBreaks]("wallet_breaks")


@ROUTES.get(
    "/api/trading-wallets/<trading_wallet_id>/breaks",
    query=BreaksAsked,
    answers=BreaksView,
    example=Example(query={"all": "true", "limit": "20"}),
)
def _list(found: WalletBreaks, request: Request) -> Answer:
    """Lists the differences between the ledger, the venue and the chain, the newest first.

    Of open ones it tells what may explain them and what can be done.
    """
    wallet, asked = request.id("trading_wallet_id", "trading wallet"), request.asked(BreaksAsked)
    return found.list(request.owner, wallet, request.paging(asked), only_open=not asked.all)


@ROUTES.post(
    "/api/trading-wallets/<trading_wallet_id>/breaks/<break_id>/accept",
    body=AcceptBreak,
    answers=BreakView,
    refuses=(ProblemCode.WRONG_STATE,),
    example=Example(
        body={
            "reason": "bought by hand",
            "adopt": [{"token_id": OUTCOME, "lt_strategy_id": LT_STRATEGY_ID, "cost_usd": "5"}],
        }
    ),
)
def _accept(found: WalletBreaks, request: Request) -> Answer:
    """Books a difference as what you say that it is, so that the ledger follows the chain.

    Missing dollars bought the tokens in `adopt`, and were withdrawn otherwise; where tokens lie in the wallet that are
    booked for nobody, `adopt` has to be there, empty for none. Missing shares were those of `lt_strategy_id`, or of all
    that hold them, and brought `proceeds_usd`.
    """
    wallet, number = request.id("trading_wallet_id", "trading wallet"), request.number("break_id", "break")
    return found.accept(request.caller, wallet, number, request.body(AcceptBreak))
