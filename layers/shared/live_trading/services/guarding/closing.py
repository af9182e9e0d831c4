"""Sells what a strategy holds of a token: all of it, or a number of shares; by hand, or because a lock wants it sold.

An exit goes through the same intents, the same sending and the same following as an entry. No lock stops it. It sells
only what has settled and what no other open sale may take.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from live_trading.nouns.alerts import AlertType
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import DoesNotFit, NoSuch, WrongState
from live_trading.nouns.exits import ExitReason
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Shares
from live_trading.nouns.orders import OrderPlan, OrderType, Purpose, RejectionCode, SignedOrder
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.rounding import TooSmall, UnusableTick, limit_for_sale, plan_marketable_sell
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.services.guarding.bracket_clearing import BracketClearer
from live_trading.services.orders.order_proofs import MARKETABLE
from live_trading.services.orders.posting import OrderPoster
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.leasing import held_wallet
from live_trading.services.running.trail import Key, Step, passed
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets
from live_trading.store.orders import intents
from live_trading.store.orders.intents import BookView, Intent
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.watch import alerts

logger = logging.getLogger(__name__)

WriteIntent = Callable[[Transaction], UUID]
"""Writes an intent in an open transaction and returns its order's id."""
Commit = Callable[[WriteIntent], UUID]
"""Runs a WriteIntent in a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """What to sell; `shares` None is everything that may be sold, `slippage_bound_fraction` None the strategy's own.

    Nothing is sold for less than `floor` a share.
    """

    lt_strategy_id: UUID
    token_id: str
    shares: Shares | None
    slippage_bound_fraction: Decimal | None
    order_type: OrderType = OrderType.FAK
    purpose: Purpose = Purpose.EXIT
    floor: Price | None = None

    @classmethod
    def flatten(cls, lt_strategy_id: UUID, token_id: str, floor: Price | None) -> Self:
        """All that may be sold of one token, because a lock wants it sold."""
        return cls(
            lt_strategy_id=lt_strategy_id,
            token_id=token_id,
            shares=None,
            slippage_bound_fraction=None,
            purpose=Purpose.FLATTEN,
            floor=floor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sale:
    """One position with what it is sold on."""

    strategy: LiveStrategy
    market: Market
    book: OrderBook
    request: CloseRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSale:
    """A sale on the venue's grid with the book that it was planned on; `reason` where a rule wants it."""

    strategy: LiveStrategy
    book: OrderBook
    plan: OrderPlan
    purpose: Purpose = Purpose.EXIT
    reason: ExitReason | None = None


class PositionCloser:
    """Closes positions. Methods raise NoSuch, WrongState and DoesNotFit; the store's and adapters' errors pass."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        market_data: MarketData,
        account: Callable[[TradingWallet], VenueAccount],
        reconciler: Reconciler,
        poster: OrderPoster,
        clearer: BracketClearer,
        new_id: Callable[[], UUID],
        holder: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._market_data = market_data
        self._account = account
        self._reconciler = reconciler
        self._poster = poster
        self._clearer = clearer
        self._new_id = new_id
        self._holder = holder

    def close(self, owner_id: str, request: CloseRequest, commit: Commit | None = None) -> UUID:
        """Sends one sale of an owner's strategy and follows its orders; the order's id.

        `commit` runs what writes the intent in a transaction of its own, so that what the caller writes with it
        stands or falls with it; it may answer with an order that was committed before. Raises WalletBusy while another
        run holds the wallet, and BracketRests until what rests of the position has ended. Once the intent is committed
        nothing is raised any more: what is not sent, or not looked at, is taken up by the next run.
        """
        with self._database.transaction() as transaction:
            strategy = live_strategies.of_owner(transaction, request.lt_strategy_id, owner_id)
            if strategy is None:
                raise NoSuch("strategy")
            wallet = live_strategies.trading_wallet(transaction, strategy.trading_wallet_id)
        committed: list[UUID] = []
        try:
            with held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                self._reconciler.follow_orders(lease, wallet, ReconcileReport())
                self.clear(lease, wallet, request)
                sale = self._sale(strategy, request)
                write = self._intended(owner_id, lease, self._account(wallet), sale)
                committed.append((commit or self._commit_alone)(write))
                self._poster.send(lease, self._account(wallet), committed)
                self._reconciler.follow_orders(lease, wallet, ReconcileReport())
        except Exception:
            if not committed:
                raise
            # The sale is a fact, whatever failed after it: the next run sends it, or finds out what became of it.
            logger.exception("a sale is committed and was not followed", extra={"lt_order_id": str(committed[0])})
        return committed[0]

    def clear(self, lease: Lease, wallet: TradingWallet, request: CloseRequest) -> None:
        """Ends what rests of a position, under the caller's lease on the wallet. Raises BracketRests until it has."""

        def follow() -> None:
            self._reconciler.follow_orders(lease, wallet, ReconcileReport())

        self._clearer.clear(wallet, request.lt_strategy_id, request.token_id, follow)

    def owned(self, owner_id: str, request: CloseRequest) -> TradingWallet:
        """The wallet of an owner's position. Raises NoSuch where there is no such strategy or it holds nothing."""
        with self._database.transaction() as transaction:
            strategy = live_strategies.of_owner(transaction, request.lt_strategy_id, owner_id)
            if strategy is None:
                raise NoSuch("strategy")
            _held(transaction, request.lt_strategy_id, request.token_id)
            return live_strategies.trading_wallet(transaction, strategy.trading_wallet_id)

    def sell(
        self,
        lease: Lease,
        wallet: TradingWallet,
        strategy: LiveStrategy,
        request: CloseRequest,
        *,
        actor: str | None = None,
        commit: Commit | None = None,
    ) -> UUID:
        """Sends one sale under the caller's lease on the wallet and returns its order; raises as `close` does."""
        sale = self._sale(strategy, request)
        write = self._intended(actor or self._holder, lease, self._account(wallet), sale)
        lt_order_id = (commit or self._commit_alone)(write)
        self._poster.send(lease, self._account(wallet), [lt_order_id])
        return lt_order_id

    def sell_as_planned(
        self, lease: Lease, wallet: TradingWallet, planned: PlannedSale, *, beside: Callable[[Transaction], None]
    ) -> UUID:
        """Commits a sale that the rules of a strategy have planned, together with what is written `beside` it.

        It is not sent yet. Raises NoSuch and WrongState where the shares are not there any more.
        """
        write = self._written(self._holder, lease, self._account(wallet), planned)
        with self._database.transaction() as transaction:
            lt_order_id = write(transaction)
            beside(transaction)
        return lt_order_id

    def send(self, lease: Lease, wallet: TradingWallet, lt_order_ids: Sequence[UUID]) -> None:
        """Sends sales that are committed."""
        self._poster.send(lease, self._account(wallet), list(lt_order_ids))

    def _commit_alone(self, write: WriteIntent) -> UUID:
        with self._database.transaction() as transaction:
            return write(transaction)

    def _sale(self, strategy: LiveStrategy, request: CloseRequest) -> _Sale:
        with self._database.transaction() as transaction:
            held = _held(transaction, request.lt_strategy_id, request.token_id)
            market = markets.by_condition(transaction, [held.condition_id])[held.condition_id]
        book = self._market_data.books([request.token_id]).get(request.token_id)
        if book is None or book.best_bid is None:
            raise WrongState("nobody bids for this token now", current_state="no_bids")
        return _Sale(strategy=strategy, market=market, book=book, request=request)

    def _intended(self, actor: str, lease: Lease, account: VenueAccount, sale: _Sale) -> WriteIntent:
        """The signed order, as what writes its intent in one transaction with the check that the shares are there."""
        with self._database.transaction() as transaction:
            held = _held(transaction, sale.request.lt_strategy_id, sale.request.token_id)
            plan = _plan(sale, held)
        planned = PlannedSale(strategy=sale.strategy, book=sale.book, plan=plan, purpose=sale.request.purpose)
        return self._written(actor, lease, account, planned)

    def _written(self, actor: str, lease: Lease, account: VenueAccount, sale: PlannedSale) -> WriteIntent:
        plan = sale.plan
        signed = account.sign(plan)
        lt_order_id = self._new_id()
        now = self._clock.now()

        def write(transaction: Transaction) -> UUID:
            leases.assert_held(transaction, lease)
            live_strategies.lock_for_entry(transaction, sale.strategy)
            if _held(transaction, sale.strategy.lt_strategy_id, plan.token_id).sellable < plan.shares:
                raise WrongState("the shares are being sold already")
            intents.insert(transaction, _intent(lt_order_id, sale, signed, now), now)
            if plan.order_type in MARKETABLE:
                alerts.resolve_alert(
                    transaction,
                    alert_type=AlertType.EXIT_NOT_DONE,
                    subject=close_subject(sale.strategy.lt_strategy_id, plan.token_id),
                    at=now,
                )
            audit.record(
                transaction,
                actor=actor,
                action="intent_committed",
                subject_type="lt_order",
                subject_id=str(lt_order_id),
                before=None,
                after={"state": "INTENT", "order_hash": signed.order_hash},
                cause=sale.reason or sale.purpose.lower(),
                at=now,
            )
            keys = {
                Key.LT_STRATEGY_ID: sale.strategy.lt_strategy_id,
                Key.LT_ORDER_ID: lt_order_id,
                Key.ORDER_HASH: signed.order_hash,
                Key.CONDITION_ID: plan.condition_id,
            }
            passed(transaction, Step.COMMITTED, keys)
            return lt_order_id

        return write


def close_subject(lt_strategy_id: UUID, token_id: str) -> str:
    """What an alert is about that a position was not sold as somebody asked."""
    return f"close:{lt_strategy_id}:{token_id}"


def _held(transaction: Transaction, lt_strategy_id: UUID, token_id: str) -> HeldPosition:
    found = held_positions.of_strategy(transaction, lt_strategy_id, token_id)
    if not found:
        raise NoSuch("position")
    return found[0]


def _plan(sale: _Sale, held: HeldPosition) -> OrderPlan:
    request = sale.request
    shares = held.sellable if request.shares is None else request.shares
    if shares > held.sellable:
        raise DoesNotFit("shares", "is more than may be sold now", allowed=f"up to {held.sellable}")
    bound = request.slippage_bound_fraction
    market = replace(sale.market, tick_size=sale.book.tick_in(sale.market))
    limit = limit_for_sale(
        sale.book.bids[0].price,
        sale.strategy.slippage_bound_fraction if bound is None else bound,
        shares,
        market.tick_size,
        floor=request.floor,
    )
    if limit is None:
        raise WrongState(
            f"the best bid is {sale.book.bids[0].price}, and nothing is sold under {request.floor}",
            current_state="below_floor",
        )
    plan = plan_marketable_sell(
        market=market,
        outcome_index=held.outcome_index,
        limit_price=limit,
        shares=shares,
        order_type=request.order_type,
    )
    if isinstance(plan, UnusableTick):
        raise WrongState(f"nothing can be priced on a tick of {plan.tick}", current_state=RejectionCode.TICK_SIZE)
    if isinstance(plan, TooSmall):
        raise WrongState(
            f"the venue takes no order under {plan.minimum} {plan.unit}, this one is {plan.observed}",
            current_state=plan.reason,
        )
    return plan


def _intent(lt_order_id: UUID, sale: PlannedSale, signed: SignedOrder, now: datetime) -> Intent:
    book, plan = sale.book, sale.plan
    return Intent(
        lt_order_id=lt_order_id,
        lt_strategy_id=sale.strategy.lt_strategy_id,
        trading_wallet_id=sale.strategy.trading_wallet_id,
        decision_id=None,
        source_trade_id=None,
        purpose=sale.purpose,
        attempt=1,
        plan=plan,
        signed=signed,
        signal_price=book.best_bid,
        signal_size=None,
        book=BookView(
            best_bid=book.best_bid,
            best_ask=book.best_ask,
            midpoint=book.midpoint,
            book_hash=book.book_hash,
            depth=book.wanted_within(plan.limit_price),
        ),
        trade_time=None,
        seen_at=None,
        decided_at=now,
        exit_reason=sale.reason,
    )
