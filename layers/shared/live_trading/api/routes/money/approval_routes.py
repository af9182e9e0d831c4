"""Approvals that a wallet needs: listed with what the chain says, asked for explicitly, sent by lt-redemptions.

The list is what this system uses and what the venue has said that it checks. Only the venue's configured contracts can
be approved, and an allowance is unlimited only where that was asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import SPENDER_ADDRESS
from live_trading.api.fields import Address, PositiveUsd, Reasoned, Switch, named
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, ProblemCode, already_exists, invalid, not_found
from live_trading.api.query import PageQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.money.approval_views import ApprovalsView, ApprovalView, NeedView, approval_view
from live_trading.api.views.plain import moment
from live_trading.chain.abi import MAX_UINT256
from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import Place
from live_trading.services.redeeming.approval_needs import Exchanges, Need, askable, checked_by_venue, needs
from live_trading.store.accounts import trading_wallets
from live_trading.store.accounts.trading_wallets import TradingWalletRow
from live_trading.store.chain import venue_spenders, wallet_approvals
from live_trading.store.chain.venue_spenders import VenueSpender
from live_trading.store.chain.wallet_approvals import ApprovalKind, WalletApproval
from live_trading.store.database import audit
from live_trading.store.database.connection import AlreadyExists, Database, Transaction

logger = logging.getLogger(__name__)

_Grant = tuple[bool | None, bool | None, str | None]
"""Whether it is granted, of an allowance whether without limit, and how many dollars; None is not known."""
_UNKNOWN: _Grant = (None, None, None)


class ApprovalKindName(StrEnum):
    """An allowance of collateral, or an operator of every outcome token."""

    ALLOWANCE = "ALLOWANCE"
    OPERATOR = "OPERATOR"


class AskApproval(Body):
    """Approve one of the venue's contracts. An allowance has an amount, or says that it is unlimited."""

    kind: Annotated[ApprovalKindName, *named(*ApprovalKindName)]
    spender: Address
    reason: Reasoned
    amount_usd: PositiveUsd | None = None
    unlimited: Switch = False


class Approvals:
    """The owner's approvals. Methods raise Problem; the store's and the chain's errors pass."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chain: Callable[[], ChainReader],
        addresses: ContractAddresses,
        exchanges: Exchanges,
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._clock = clock
        self._chain = chain
        self._addresses = addresses
        self._needs = needs(addresses, exchanges)
        self._askable = askable(addresses, exchanges)
        self._new_id = new_id

    def list(self, owner_id: str, trading_wallet_id: UUID, paging: Paging) -> Answer:
        """What is needed or checked by the venue, what the chain grants of it now, and a page of what was asked for."""
        with self._database.transaction() as transaction:
            wallet = _wallet(transaction, trading_wallet_id, owner_id)
            found = wallet_approvals.of_wallet(transaction, trading_wallet_id, paging.asked)
            checked = venue_spenders.of_wallet(transaction, trading_wallet_id)
        page = paging.cut(found, lambda each: Place(at=each.asked_at, row=str(each.wallet_approval_id)))
        needed = list(self._with_checked(checked))
        grants = self._grants(wallet.address, [need for need, _ in needed])
        unknown = [_UNKNOWN] * (len(needed) - len(grants))
        body: ApprovalsView = {
            "on_chain": "UNKNOWN" if unknown else "KNOWN",
            "needed": [
                self._need_view(need, seen, grant)
                for (need, seen), grant in zip(needed, [*grants, *unknown], strict=True)
            ],
            "asked": [approval_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def ask(self, caller: Caller, trading_wallet_id: UUID, body: AskApproval) -> Answer:
        """Writes the request; the next run of lt-redemptions signs and sends it."""
        need = self._need_of(body)
        now = self._clock.now()
        approval = WalletApproval(
            wallet_approval_id=self._new_id(),
            trading_wallet_id=trading_wallet_id,
            token=need.token,
            spender=need.spender,
            kind=need.kind,
            amount=None if body.amount_usd is None else Usd(body.amount_usd),
            state="DUE",
            reason=body.reason,
            last_error=None,
            asked_at=now,
        )

        def effect(transaction: Transaction) -> Answer:
            _wallet(transaction, trading_wallet_id, caller.owner_id)
            wallet_approvals.ask(transaction, approval, asked_by=caller.owner_id)
            audit.record(
                transaction,
                actor=caller.owner_id,
                action="approval_asked",
                subject_type="trading_wallet",
                subject_id=str(trading_wallet_id),
                before=None,
                after=approval_view(approval),
                cause=body.reason,
                at=now,
            )
            return Answer(status=202, body=approval_view(approval))

        try:
            return once(self._database, caller, now, effect)
        except AlreadyExists:
            raise already_exists("this approval is under way", existing_id=None) from None

    def _need_of(self, body: AskApproval) -> Need:
        kind = ApprovalKind(body.kind)
        allowed = [need for need in self._askable if need.kind is kind]
        found = next((need for need in allowed if need.spender == body.spender), None)
        if found is None:
            known = ", ".join(need.spender for need in allowed)
            raise invalid(FieldProblem(field="spender", reason="is no contract of the venue for this", allowed=known))
        _check_amount(body, kind)
        return found

    def _with_checked(self, checked: Sequence[VenueSpender]) -> Iterable[tuple[Need, VenueSpender | None]]:
        """What this system uses, then what the venue checks besides, each with what the venue said of it."""
        by_place: dict[_Place, tuple[Need, VenueSpender | None]] = {_place(need): (need, None) for need in self._needs}
        known = {_place(need): need for need in self._askable}
        for seen in checked:
            need = checked_by_venue(seen, self._addresses)
            if need is not None:
                by_place[_place(need)] = (known.get(_place(need), need), seen)
        return by_place.values()

    def _need_view(self, need: Need, seen: VenueSpender | None, grant: _Grant) -> NeedView:
        granted, is_unlimited, amount = grant
        return NeedView(
            kind=need.kind,
            token=need.token,
            spender=need.spender,
            purpose=need.purpose,
            may_be_asked=need in self._askable,
            checked_by_venue=seen is not None,
            refused_at=None if seen is None else moment(seen.refused_at),
            granted=granted,
            unlimited=is_unlimited,
            amount_usd=amount,
        )

    def _grants(self, owner: str, asked: Sequence[Need]) -> Sequence[_Grant]:
        """What the chain grants of each; it ends with the first that the chain cannot be asked for."""
        grants: list[_Grant] = []
        for need in asked:
            try:
                grants.append(self._granted(owner, need))
            except (RetryLater, GiveUp):
                logger.warning("what a wallet grants is not known", exc_info=True, extra={"owner": owner})
                break
        return grants

    def _granted(self, owner: str, need: Need) -> _Grant:
        """Whether the chain grants it at all, and of an allowance whether without limit, or how many dollars."""
        if need.kind is ApprovalKind.OPERATOR:
            return self._chain().is_operator_approved(owner, need.spender, contract=need.token), None, None
        units = self._chain().allowances(owner, [need.spender])[need.spender]
        is_unlimited = units == MAX_UINT256
        return units > 0, is_unlimited, None if is_unlimited else f"{units // 10**6}.{units % 10**6:06d}"


_Place = tuple[ApprovalKind, str, str]


def _place(need: Need) -> _Place:
    return need.kind, need.token, need.spender


def _check_amount(body: AskApproval, kind: ApprovalKind) -> None:
    """An allowance says how much, or that it is unlimited; an operator knows no amount. Raises Problem."""
    has_amount = body.amount_usd is not None
    if kind is ApprovalKind.OPERATOR and (has_amount or body.unlimited):
        reason, allowed = "an operator has no amount", "leave it and unlimited out"
    elif kind is ApprovalKind.ALLOWANCE and has_amount is body.unlimited:
        reason, allowed = "an allowance has an amount or is unlimited", "exactly one of amount_usd and unlimited"
    else:
        return
    raise invalid(FieldProblem(field="amount_usd", reason=reason, allowed=allowed))


def _wallet(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWalletRow:
    wallet = trading_wallets.find(transaction, trading_wallet_id, owner_id)
    if wallet is None:
        raise not_found("trading wallet")
    return wallet


ROUTES = Routes[Approvals]("approvals")


@ROUTES.get(
    "/api/trading-wallets/<trading_wallet_id>/approvals",
    query=PageQuery,
    answers=ApprovalsView,
    example=Example(query={"limit": "20"}),
)
def _list(approvals: Approvals, request: Request) -> Answer:
    """Tells which approvals the wallet needs, what the chain grants of them, and which were asked for.

    `needed` is the same on every page; what was asked for comes in pages, the newest first. Where the chain does not
    answer, what it grants is told as unknown.
    """
    wallet = request.id("trading_wallet_id", "trading wallet")
    return approvals.list(request.owner, wallet, request.paging(request.asked(PageQuery)))


@ROUTES.post(
    "/api/trading-wallets/<trading_wallet_id>/approvals",
    body=AskApproval,
    answers=ApprovalView,
    statuses=(202,),
    refuses=(ProblemCode.ALREADY_EXISTS,),
    example=Example(body={"kind": "ALLOWANCE", "spender": SPENDER_ADDRESS, "reason": "to trade", "amount_usd": "1000"}),
)
def _ask(approvals: Approvals, request: Request) -> Answer:
    """Asks for an approval, which the next run of lt-redemptions signs and sends.

    Only the venue's contracts can be approved. An allowance has an amount, or says that it is unlimited.
    """
    return approvals.ask(request.caller, request.id("trading_wallet_id", "trading wallet"), request.body(AskApproval))
