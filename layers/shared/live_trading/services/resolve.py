"""lt-resolve: books what the chain says of a market, once, for every strategy that holds a part of it.

Decides nothing by label or price: the payout vector and the outcome index carry the money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from live_trading.chain.reader import ChainReader
from live_trading.chain.redemption import RedemptionKind
from live_trading.ledger import entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.payouts import split_payout
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.markets import Market, PayoutVector, ProtocolVersion
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.services.leasing import held
from live_trading.services.reconcile import Reconciler
from live_trading.store import leases, ledger, markets, redemptions, resolutions
from live_trading.store.database import Database, Transaction
from live_trading.store.leases import Lease
from live_trading.store.resolutions import OpenOrder

LEASE = "lt-resolve"
LEASE_SECONDS = 120

# Redemption ids are derived, so that a second booking of the same condition names the same row.
_REDEMPTION_NAMESPACE = UUID("6d3f6f3a-1f0a-5d5a-9c39-5d1c7c1a7e10")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """How one order ended: its outcome and its profit after fees."""

    lt_order_id: UUID
    outcome: Outcome
    pnl: Usd


@dataclass(slots=True, kw_only=True)
class ResolveReport:
    """What one run did; `waiting` counts conditions that the chain has not resolved."""

    ran: bool
    resolved: int = 0
    waiting: int = 0
    unsettled: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failures: list[str] = field(default_factory=list)


def outcome_of(vector: PayoutVector, outcome_index: int) -> Outcome:
    """WON for a full payout, LOST for none, SPLIT for any other share of a dollar."""
    numerator = vector.numerators[outcome_index]
    if numerator == 0:
        return Outcome.LOST
    return Outcome.WON if numerator == vector.denominator else Outcome.SPLIT


def order_outcomes(orders: Sequence[OpenOrder], vector: PayoutVector) -> list[OrderOutcome]:
    """Each order's outcome and P&L; the payouts of one (strategy, token) sum to what that position is owed."""
    by_position: dict[tuple[UUID, str], list[OpenOrder]] = defaultdict(list)
    for order in orders:
        by_position[(order.lt_strategy_id, order.token_id)].append(order)
    found: list[OrderOutcome] = []
    for group in by_position.values():
        index = group[0].outcome_index
        owed = split_payout(vector, index, [order.shares for order in group])
        found += [
            OrderOutcome(
                lt_order_id=order.lt_order_id,
                outcome=outcome_of(vector, index),
                pnl=payout - order.cost - order.fee,
            )
            for order, payout in zip(group, owed, strict=True)
        ]
    return found


class Resolver:
    """Resolves markets of open live positions from the chain."""

    def __init__(
        self, *, database: Database, chain: ChainReader, clock: Clock, reconciler: Reconciler, holder: str
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._chain = chain
        self._clock = clock
        self._reconciler = reconciler
        self._holder = holder

    def run(self) -> ResolveReport:
        """One pass over every condition with an open position. Safe to repeat and to overlap."""
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = ResolveReport(ran=lease is not None)
            if lease is None:
                return report
            for pass_ in self._reconciler.run_all():
                report.failures += [f"{each.part}: {each.message}" for each in pass_.failures]
            self._resolve_all(lease, report)
        return report

    def _resolve_all(self, lease: Lease, report: ResolveReport) -> None:
        with self._database.transaction() as transaction:
            conditions = resolutions.open_conditions(transaction)
            known = markets.by_condition(transaction, conditions)
        vectors = self._chain.vectors_of(known.values()) if conditions else {}
        for condition_id in conditions:
            vector = vectors.get(condition_id)
            if vector is None:
                report.waiting += 1
                continue
            try:
                self._book(lease, known[condition_id], vector, report)
            except LiveTradingError as error:
                report.failures.append(f"{condition_id}: {error}")
        with self._database.transaction() as transaction:
            resolutions.link_paper_twins(transaction)

    def _book(self, lease: Lease, market: Market, vector: PayoutVector, report: ResolveReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if not resolutions.lock_condition(transaction, market.condition_id):
                report.unsettled += 1
                return
            markets.record_resolution(transaction, vector, now)
            for ended in order_outcomes(resolutions.open_orders(transaction, market.condition_id), vector):
                if resolutions.close_order(
                    transaction,
                    lt_order_id=ended.lt_order_id,
                    outcome=ended.outcome,
                    pnl=ended.pnl,
                    resolved_at=now,
                ):
                    report.outcomes[ended.outcome] += 1
            _book_positions(transaction, market, vector, now)
            report.resolved += 1


def _kind(market: Market) -> RedemptionKind:
    """What the catalogue says; the market's token ids have the last word before anything is signed."""
    if market.version is ProtocolVersion.V2:
        return RedemptionKind.ROUTER_V2
    return RedemptionKind.NEG_RISK if market.neg_risk else RedemptionKind.STANDARD


def _book_positions(transaction: Transaction, market: Market, vector: PayoutVector, now: datetime) -> None:
    """Moves each position's cost to what it is owed, and opens one redemption a trading wallet."""
    held = ledger.holdings(transaction, Account.POSITION_COST, list(market.token_ids))
    by_token: dict[tuple[UUID, str], list[ledger.Holding]] = defaultdict(list)
    for holding in held:
        by_token[(holding.trading_wallet_id, holding.token_id)].append(holding)
    owed_by_wallet: dict[UUID, list[Usd]] = defaultdict(list)
    for (wallet_id, token_id), parts in by_token.items():
        index = market.token_ids.index(token_id)
        for part, payout in zip(parts, split_payout(vector, index, [each.shares for each in parts]), strict=True):
            booked = entries.resolution(
                trading_wallet_id=wallet_id,
                lt_strategy_id=part.lt_strategy_id,
                token_id=token_id,
                condition_id=market.condition_id,
                shares=part.shares,
                cost=part.amount,
                payout=payout,
                occurred_at=now,
            )
            ledger.post(transaction, booked, now)
            owed_by_wallet[wallet_id].append(payout)
    for wallet_id, owed in owed_by_wallet.items():
        expected = total_usd(owed)
        redemptions.create_due(
            transaction,
            lt_redemption_id=uuid5(_REDEMPTION_NAMESPACE, f"{wallet_id}:{market.condition_id}"),
            trading_wallet_id=wallet_id,
            condition_id=market.condition_id,
            kind=_kind(market),
            expected=expected,
            resolved_at=now,
            now=now,
        )
