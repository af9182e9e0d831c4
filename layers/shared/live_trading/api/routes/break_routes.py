"""Breaks of a trading wallet behind the API: look at them, and explain one so that the ledger follows the chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.fields import Reasoned
from live_trading.api.once import Answer, Caller, once
from live_trading.api.problems import Problem, ProblemCode, not_found
from live_trading.api.routing import Request, Routes
from live_trading.ledger import capital_entries
from live_trading.ledger.transactions import LedgerTransaction
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Shares, Usd
from live_trading.store.accounts import trading_wallets
from live_trading.store.books import breaks, ledger
from live_trading.store.books.breaks import BreakKind, StoredBreak
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction


class AcceptBreak(Body):
    """Why the ledger follows the chain here: a deposit, a withdrawal, tokens sent or received."""

    reason: Reasoned


class WalletBreaks:
    """Differences of the owner's wallets. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, trading_wallet_id: UUID, *, only_open: bool) -> Answer:
        """The newest breaks of a wallet, with their age."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            if trading_wallets.find(transaction, trading_wallet_id, owner_id) is None:
                raise not_found("trading wallet")
            found = breaks.of_wallet(transaction, trading_wallet_id, only_open=only_open)
        return Answer(status=200, body={"breaks": [_view(each, now) for each in found]})

    def accept(self, caller: Caller, trading_wallet_id: UUID, break_id: int, body: AcceptBreak) -> Answer:
        """Books the difference of a balance as it was last seen, in what is allocated to nobody, and closes it.

        Only a balance can be explained so: a trade that cannot be read, say, has to become readable.
        """
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            if not trading_wallets.lock(transaction, trading_wallet_id, caller.owner_id):
                raise not_found("trading wallet")
            found = breaks.locked(transaction, trading_wallet_id, break_id)
            if found is None:
                raise not_found("break")
            if found.closed_at is not None:
                raise Problem(ProblemCode.WRONG_STATE, "the break is closed", facts={"current_state": "closed"})
            booked = _correction(found, now)
            ledger.post(transaction, booked, now)
            breaks.close(
                transaction, break_id, closed_by=caller.owner_id, correction_reference=booked.source_reference, now=now
            )
            audit.record(
                transaction,
                actor=caller.owner_id,
                action="break_accepted",
                subject_type="break",
                subject_id=str(break_id),
                before=_view(found, now),
                after={"correction_reference": booked.source_reference},
                cause=body.reason,
                at=now,
            )
            closed = breaks.locked(transaction, trading_wallet_id, break_id)
            return Answer(status=200, body=_view(closed or found, now))

        return once(self._database, caller, now, effect)


def _correction(found: StoredBreak, now: datetime) -> LedgerTransaction:
    difference = found.found.observed - found.found.expected
    match found.found.kind:
        case BreakKind.COLLATERAL:
            return capital_entries.collateral_correction(
                trading_wallet_id=found.trading_wallet_id,
                break_id=found.break_id,
                amount=Usd(difference),
                occurred_at=now,
            )
        case BreakKind.TOKEN_BALANCE:
            return capital_entries.token_correction(
                trading_wallet_id=found.trading_wallet_id,
                break_id=found.break_id,
                token_id=found.found.subject,
                shares=Shares(difference),
                occurred_at=now,
            )
        case _:
            raise Problem(
                ProblemCode.WRONG_STATE,
                "only the difference of a balance can be accepted",
                facts={"current_state": found.found.kind},
            )


def _view(each: StoredBreak, now: datetime) -> dict[str, Any]:
    ended = each.closed_at or now
    return {
        "break_id": each.break_id,
        "kind": each.found.kind,
        "subject": each.found.subject,
        "expected": str(each.found.expected),
        "observed": str(each.found.observed),
        "difference": str(each.found.observed - each.found.expected),
        "age_seconds": int((ended - each.found_at).total_seconds()),
        "found_at": each.found_at.isoformat(),
        "last_seen_at": each.last_seen_at.isoformat(),
        "closed_at": None if each.closed_at is None else each.closed_at.isoformat(),
        "closed_by": each.closed_by,
        "correction_reference": each.correction_reference,
    }


ROUTES = Routes[WalletBreaks]("wallet_breaks")


@ROUTES.get("/api/trading-wallets/<trading_wallet_id>/breaks")
def _list(found: WalletBreaks, request: Request) -> Answer:
    wallet = request.id("trading_wallet_id", "trading wallet")
    return found.list(request.owner, wallet, only_open=not request.switch("all"))


@ROUTES.post("/api/trading-wallets/<trading_wallet_id>/breaks/<break_id>/accept", body=AcceptBreak)
def _accept(found: WalletBreaks, request: Request) -> Answer:
    wallet, number = request.id("trading_wallet_id", "trading wallet"), request.number("break_id", "break")
    return found.accept(request.caller, wallet, number, request.body(AcceptBreak))
