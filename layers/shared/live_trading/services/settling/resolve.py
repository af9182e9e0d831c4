"""lt-resolve: books what the chain says of a market, once, for every strategy that holds a part of it.

Decides nothing by label or price: the payout vector and the outcome index carry the money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from uuid import UUID, uuid5

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import RedemptionKind
from live_trading.ledger import settlement_entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.payouts import split_payout
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import Market, PayoutVector, ProtocolVersion
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.reconciling.reconcile import Reconciler
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import held
from live_trading.services.settling import gap_explaining
from live_trading.settlement.outcomes import ended, is_sold_out, label_of
from live_trading.settlement.waiting import urgency
from live_trading.store.books import ledger, resolutions
from live_trading.store.books.resolutions import OpenPosition
from live_trading.store.chain import redemptions
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets
from live_trading.store.feed.markets import StoredMarket
from live_trading.store.watch import alerts

LEASE = "lt-resolve"
LEASE_SECONDS = 120
HINT_AGE = timedelta(minutes=5)
SECONDS_TO_RESOLVE = 30.0
SECONDS_A_CONDITION = 2.0

# Redemption ids are derived, so that a second booking of the same condition names the same row.
_REDEMPTION_NAMESPACE = UUID("6d3f6f3a-1f0a-5d5a-9c39-5d1c7c1a7e10")


@dataclass(slots=True, kw_only=True)
class ResolveReport:
    """What one run did.

    `waiting` counts conditions that the chain has not resolved, `states` how far they are, `gaps` the trades whose
    difference between paper and live was explained, `left` names what time ran out for.
    """

    ran: bool
    resolved: int = 0
    waiting: int = 0
    unsettled: int = 0
    gaps: int = 0
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class Resolver:
    """Resolves markets of open live positions from the chain."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        markets: MarketKeeper,
        clock: Clock,
        reconciler: Reconciler,
        holder: str,
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._markets = markets
        self._database = database
        self._chain = chain
        self._clock = clock
        self._reconciler = reconciler
        self._holder = holder

    def run(self, budget: Budget | None = None) -> ResolveReport:
        """One pass over every condition with an open position, as long as the budget lasts; safe to repeat and overlap.

        What the chain has resolved comes first.
        """
        budget = budget or Budget.unlimited()
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ResolveReport(ran=lease is not None)
            if lease is None:
                return report
            for pass_ in self._reconciler.run_all(budget.keeping(SECONDS_TO_RESOLVE), report.left):
                report.failures += pass_.failures
            now = self._clock.now()
            with self._database.transaction() as transaction:
                lease = leases.renew(transaction, lease, now, LEASE_SECONDS)
            self._resolve_all(lease, report, budget)
        return report

    def _resolve_all(self, lease: Lease, report: ResolveReport, budget: Budget) -> None:
        with self._database.transaction() as transaction:
            conditions = resolutions.open_conditions(transaction)
            known = markets.by_condition(transaction, conditions)
        vectors = self._chain.vectors_of(known.values()) if known else {}
        waiting = [condition_id for condition_id in known if vectors.get(condition_id) is None]
        for condition_id in sorted(known, key=lambda each: each in waiting):
            if not budget.has(SECONDS_A_CONDITION):
                report.left.append(f"condition {condition_id}")
                continue
            market, vector = known[condition_id], vectors.get(condition_id)
            with contained(f"condition {condition_id}", report.failures):
                self._end_sold_out(lease, market, report)
                if vector is not None:
                    self._book(lease, market, vector, report)
        report.waiting = len(waiting)
        self._watch(lease, waiting, report)
        self._compare_with_paper(lease, report)

    def _end_sold_out(self, lease: Lease, market: Market, report: ResolveReport) -> None:
        """Ends positions that have left as a whole; they wait for no resolution."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            moving = resolutions.lock_condition(transaction, market.condition_id)
            for position in resolutions.open_positions(transaction, market.condition_id):
                if position.trading_wallet_id not in moving and is_sold_out(position.entries, position.left):
                    self._close(transaction, market, position, Usd.zero(), Outcome.SOLD, report, now)

    def _book(self, lease: Lease, market: Market, vector: PayoutVector, report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            moving = resolutions.lock_condition(transaction, market.condition_id)
            markets.record_resolution(transaction, vector, now)
            payouts = _book_positions(transaction, market, vector, moving, now)
            for position in resolutions.open_positions(transaction, market.condition_id):
                if position.trading_wallet_id in moving:
                    continue
                payout = payouts.get((position.lt_strategy_id, position.token_id), Usd.zero())
                label = label_of(vector, market.token_ids.index(position.token_id))
                self._close(transaction, market, position, payout, label, report, now)
            alerts.resolve_alert(transaction, alert_type=AlertType.RESOLUTION, subject=market.condition_id, at=now)
        if moving:
            report.unsettled += 1
        else:
            report.resolved += 1

    def _close(
        self,
        transaction: Transaction,
        market: Market,
        position: OpenPosition,
        payout: Usd,
        label: Outcome,
        report: ResolveReport,
        now: datetime,
    ) -> None:
        """Writes the outcome of every entry of a position, and counts what had left it."""
        for order in ended(position.entries, position.left, payout, label):
            if resolutions.close_order(
                transaction, lt_order_id=order.lt_order_id, outcome=order.outcome, pnl=order.pnl, resolved_at=now
            ):
                report.outcomes[order.outcome] += 1
        resolutions.count_departures(transaction, position, market.condition_id, now)

    def _watch(self, lease: Lease, waiting: Sequence[str], report: ResolveReport) -> None:
        """Asks the catalogue how far the others are, and raises or ends the alerts about those that take long."""
        now = self._clock.now()
        refresh = self._markets.refresh(waiting, lease, now, fresh_for=HINT_AGE)
        report.failures += refresh.failures
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for condition_id, stored in markets.stored(transaction, waiting).items():
                report.states[stored.resolution_state] += 1
                _watch_one(transaction, condition_id, stored, now)

    def _compare_with_paper(self, lease: Lease, report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            report.gaps = gap_explaining.explain(transaction, now)


def _watch_one(transaction: Transaction, condition_id: str, stored: StoredMarket, now: datetime) -> None:
    severity = urgency(stored.resolution_state, stored.resolution_state_since, now)
    if severity is None:
        alerts.resolve_alert(transaction, alert_type=AlertType.RESOLUTION, subject=condition_id, at=now)
        return
    hours = int((now - stored.resolution_state_since).total_seconds()) // 3600
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.RESOLUTION,
        severity=severity,
        subject=condition_id,
        title=f"{stored.market.slug} is {stored.resolution_state} for {hours} hours",
        message="the chain has no payout vector yet; positions stay open and nothing is booked until it has",
        at=now,
    )


def _kind(market: Market) -> RedemptionKind:
    """What the catalogue says; the market's token ids have the last word before anything is signed."""
    if market.version is ProtocolVersion.V2:
        return RedemptionKind.ROUTER_V2
    return RedemptionKind.NEG_RISK if market.neg_risk else RedemptionKind.STANDARD


def _owe(transaction: Transaction, wallet_id: UUID, market: Market, owed: Usd, now: datetime) -> None:
    """Opens the redemption of what a wallet is owed, or adds to the one that is under way.

    A trade that the venue lists after the market was booked comes second: the chain pays it with the rest where the
    rest has not been paid, else in a redemption of its own.
    """
    if redemptions.add_expected(transaction, wallet_id, market.condition_id, owed):
        return
    before = redemptions.count_of(transaction, wallet_id, market.condition_id)
    name = f"{wallet_id}:{market.condition_id}" + (f":{before}" if before else "")
    redemptions.create_due(
        transaction,
        lt_redemption_id=uuid5(_REDEMPTION_NAMESPACE, name),
        trading_wallet_id=wallet_id,
        condition_id=market.condition_id,
        kind=_kind(market),
        expected=owed,
        resolved_at=now,
        now=now,
    )


def _book_part(transaction: Transaction, part: ledger.Holding, market: Market, payout: Usd, now: datetime) -> None:
    """Books one strategy's shares of a token, under the first number that is free: these shares are in the ledger."""
    resolution = partial(
        settlement_entries.resolution,
        trading_wallet_id=part.trading_wallet_id,
        lt_strategy_id=part.lt_strategy_id,
        token_id=part.token_id,
        condition_id=market.condition_id,
        shares=part.shares,
        cost=part.amount,
        payout=payout,
        occurred_at=now,
    )
    numbers = count(1)
    while not ledger.post(transaction, resolution(number=next(numbers)), now):
        pass


def _book_positions(
    transaction: Transaction, market: Market, vector: PayoutVector, moving: Collection[UUID], now: datetime
) -> dict[tuple[UUID, str], Usd]:
    """Moves each position's cost to what it is owed and opens one redemption a trading wallet; the payouts by position.

    The chain pays a wallet's whole balance of an outcome at once, so that is what is shared out. Wallets in which
    something is still `moving` are left for later.
    """
    held = ledger.holdings(transaction, Account.POSITION_COST, list(market.token_ids))
    by_token: dict[tuple[UUID, str], list[ledger.Holding]] = defaultdict(list)
    for holding in held:
        if holding.trading_wallet_id in moving:
            continue
        by_token[(holding.trading_wallet_id, holding.token_id)].append(holding)
    payouts: dict[tuple[UUID, str], Usd] = {}
    owed_by_wallet: dict[UUID, list[Usd]] = defaultdict(list)
    for (wallet_id, token_id), parts in by_token.items():
        index = market.token_ids.index(token_id)
        for part, payout in zip(parts, split_payout(vector, index, [each.shares for each in parts]), strict=True):
            _book_part(transaction, part, market, payout, now)
            payouts[(part.lt_strategy_id, token_id)] = payout
            owed_by_wallet[wallet_id].append(payout)
    for wallet_id, owed in owed_by_wallet.items():
        _owe(transaction, wallet_id, market, total_usd(owed), now)
    return payouts
