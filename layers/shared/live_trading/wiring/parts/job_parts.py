"""The jobs that run on a schedule, and what acts at the venue."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from live_trading.wiring.adapters import GWEI
from live_trading.wiring.parts.alert_parts import AlertParts

if TYPE_CHECKING:
    from live_trading.services.comparing.compare import Comparison
    from live_trading.services.entering.execute import Executor
    from live_trading.services.following.evidence import EvidenceGatherer
    from live_trading.services.following.fee_comparing import FeeComparer
    from live_trading.services.following.fills.chain_watch import ChainWatch
    from live_trading.services.following.fills.token_markets import TokenMarkets
    from live_trading.services.following.ingest import Ingest
    from live_trading.services.following.market_keeping import MarketKeeper
    from live_trading.services.following.trader_statistics import StatisticsKeeper, TraderRecords
    from live_trading.services.guarding.cancelling import OrderCanceller
    from live_trading.services.guarding.closing import PositionCloser
    from live_trading.services.guarding.kill_switch import KillSwitch
    from live_trading.services.guarding.lock_enforcement import LockEnforcer
    from live_trading.services.guarding.wish_keeping import WishKeeper
    from live_trading.services.orders.posting import OrderPoster
    from live_trading.services.paper.ft_resolve import PaperResolver
    from live_trading.services.paper.paper_run import PaperTrader
    from live_trading.services.reconciling.reconcile import Reconciler
    from live_trading.services.redeeming.redeem import Redeemer
    from live_trading.services.settling.resolve import Resolver


class JobParts(AlertParts):
    """Builders of jobs. `holder` names one invocation in its leases and its audit lines."""

    @cached_property
    def market_keeper(self) -> MarketKeeper:
        from live_trading.services.following.market_keeping import MarketKeeper

        return MarketKeeper(database=self.database, gamma=self.gamma, chain=self.chain_reader)

    @cached_property
    def fees(self) -> FeeComparer:
        from live_trading.services.following.fee_comparing import FeeComparer

        return FeeComparer(database=self.database, order_book=self.market_data)

    @cached_property
    def records(self) -> TraderRecords:
        from live_trading.services.following.trader_statistics import TraderRecords

        return TraderRecords(database=self.database)

    def statistics(self, holder: str) -> StatisticsKeeper:
        from live_trading.services.following.trader_statistics import StatisticsKeeper

        return StatisticsKeeper(database=self.database, clock=self.clock, data_api=self.data_api, holder=holder)

    @cached_property
    def evidence(self) -> EvidenceGatherer:
        from live_trading.services.following.evidence import EvidenceGatherer

        return EvidenceGatherer(markets=self.market_keeper, fees=self.fees, records=self.records)

    def ingest(self, holder: str, statistics: StatisticsKeeper | None = None) -> Ingest:
        from live_trading.services.following.fills.feed_reading import FeedReader
        from live_trading.services.following.ingest import Ingest

        return Ingest(
            database=self.database,
            clock=self.clock,
            # A clock that is stepped does not move while somebody waits.
            feed=FeedReader(self.data_api, self.chance, pause=None if self.settings.stepped_clock else time.sleep),
            markets=self.market_keeper,
            statistics=statistics,
            holder=holder,
        )

    @cached_property
    def token_markets(self) -> TokenMarkets:
        from live_trading.services.following.fills.token_markets import TokenMarkets

        return TokenMarkets(database=self.database, gamma=self.gamma)

    def chain_watch(self) -> ChainWatch:
        """A watch of one invocation; what it has looked at it knows from the database."""
        from live_trading.services.following.fills.chain_watch import ChainWatch

        return ChainWatch(database=self.database, clock=self.clock, logs=self.order_logs, tokens=self.token_markets)

    def paper_trader(self, holder: str) -> PaperTrader:
        from live_trading.services.paper.paper_run import PaperTrader

        return PaperTrader(
            database=self.database,
            clock=self.clock,
            ingest=self.ingest(holder, self.statistics(holder)),
            evidence=self.evidence,
            markets=self.market_keeper,
            market_data=self.market_data,
            holder=holder,
        )

    def paper_resolver(self, holder: str) -> PaperResolver:
        from live_trading.services.paper.ft_resolve import PaperResolver

        return PaperResolver(
            database=self.database,
            clock=self.clock,
            chain=self.chain_reader,
            markets=self.market_keeper,
            holder=holder,
        )

    def comparison(self, holder: str) -> Comparison:
        from live_trading.services.comparing.compare import Comparison
        from live_trading.services.comparing.spender_watch import Spenders

        settings = self.settings
        return Comparison(
            database=self.database,
            chain=self.chain_reader,
            exchange_address=settings.standard_exchange,
            clock=self.clock,
            actor=holder,
            payments=self.own_payments.since,
            exchanges=Spenders(
                standard=settings.standard_exchange,
                neg_risk=settings.neg_risk_exchange,
                neg_risk_adapter=settings.neg_risk_adapter,
                v3=settings.exchange_v3,
            ),
        )

    def reconciler(self, holder: str) -> Reconciler:
        from live_trading.services.reconciling.reconcile import Reconciler

        return Reconciler(
            database=self.database,
            account=self.account,
            market_keeper=self.market_keeper,
            comparison=self.comparison(holder),
            receipts=self.fill_receipts,
            books=self.market_data,
            clock=self.clock,
            chance=self.chance,
            holder=holder,
        )

    def poster(self, holder: str) -> OrderPoster:
        from live_trading.services.orders.posting import OrderPoster

        return OrderPoster(database=self.database, clock=self.clock, actor=holder, books=self.market_data)

    def executor(self, holder: str) -> Executor:
        from live_trading.services.entering.entry import EntryDesk
        from live_trading.services.entering.execute import Executor
        from live_trading.services.entering.part_entries import EntryTools
        from live_trading.services.entering.venue_evidence import VenueAsking
        from live_trading.services.entering.wallet_entries import WalletEntries
        from live_trading.services.entering.wallet_pass import WalletPass
        from live_trading.services.entering.wallet_proving import WalletProver
        from live_trading.services.guarding.risk_monitor import RiskMonitor
        from live_trading.services.leaving.live_exits import PositionLeaver

        wishes = self.wishes(holder)
        entries = WalletEntries(
            tools=EntryTools(
                database=self.database,
                clock=self.clock,
                market_data=self.market_data,
                desk=EntryDesk(database=self.database, now=self.clock.now, new_id=self.chance.new_id, actor=holder),
                poster=self.poster(holder),
                wishes=wishes,
            ),
            chance=self.chance,
            evidence=self.evidence,
            asking=VenueAsking(
                clock=self.clock,
                chance=self.chance,
                market_data=self.market_data,
                account=self.account,
                may_open=self.may_open,
            ),
        )
        wallet_pass = WalletPass(
            database=self.database,
            clock=self.clock,
            reconciler=self.reconciler(holder),
            monitor=RiskMonitor(
                database=self.database,
                clock=self.clock,
                books=self.market_data,
                feed_status=self.data_api.status,
                may_open=lambda wallet: self.may_open(self.account(wallet)),
                actor=holder,
            ),
            enforcer=self.enforcer(holder),
            wishes=wishes,
            leaver=PositionLeaver(
                database=self.database,
                clock=self.clock,
                books=self.market_data,
                closer=self.closer(holder),
                canceller=self.canceller(holder),
                reconciler=self.reconciler(holder),
            ),
            entries=entries,
            account=self.account,
            holder=holder,
        )
        return Executor(
            database=self.database,
            clock=self.clock,
            chance=self.chance,
            ingest=self.ingest(holder),
            prover=WalletProver(
                database=self.database,
                clock=self.clock,
                prove=self.prove,
                secret_prefix=self.settings.wallet_secret_prefix,
                actor=holder,
            ),
            wallet_pass=wallet_pass,
            wallets_at_once=self.settings.wallets_at_once,
            holder=holder,
        )

    def closer(self, holder: str) -> PositionCloser:
        from live_trading.services.guarding.bracket_clearing import BracketClearer
        from live_trading.services.guarding.closing import PositionCloser

        return PositionCloser(
            database=self.database,
            clock=self.clock,
            market_data=self.market_data,
            account=self.account,
            reconciler=self.reconciler(holder),
            poster=self.poster(holder),
            clearer=BracketClearer(database=self.database, canceller=self.canceller(holder)),
            new_id=self.chance.new_id,
            holder=holder,
        )

    def canceller(self, holder: str) -> OrderCanceller:
        from live_trading.services.guarding.cancelling import OrderCanceller

        return OrderCanceller(
            database=self.database,
            clock=self.clock,
            account=self.account,
            reconciler=self.reconciler(holder),
            new_id=self.chance.new_id,
            holder=holder,
        )

    def wishes(self, holder: str) -> WishKeeper:
        from live_trading.services.guarding.wish_keeping import WishKeeper

        return WishKeeper(
            database=self.database,
            clock=self.clock,
            closer=self.closer(holder),
            canceller=self.canceller(holder),
            enforcer=self.enforcer(holder),
            reconciler=self.reconciler(holder),
            holder=holder,
        )

    def enforcer(self, holder: str) -> LockEnforcer:
        from live_trading.services.guarding.flatten_floor import FlattenFloor
        from live_trading.services.guarding.lock_enforcement import LockEnforcer

        return LockEnforcer(
            database=self.database,
            clock=self.clock,
            canceller=self.canceller(holder),
            closer=self.closer(holder),
            floor=FlattenFloor(database=self.database, clock=self.clock, books=self.market_data),
        )

    def switch(self, holder: str) -> KillSwitch:
        from live_trading.services.guarding.kill_switch import KillSwitch

        return KillSwitch(
            database=self.database,
            clock=self.clock,
            chance=self.chance,
            account=self.account,
            known_wallets=lambda: [account.wallet for account in self.accounts.values()],
            canceller=self.canceller(holder),
            enforcer=self.enforcer(holder),
            take_up_if_free=self.wishes(holder).take_up_if_free,
            tell_urgent=self.alert_teller.tell_urgent,
            holder=holder,
        )

    def resolver(self, holder: str) -> Resolver:
        from live_trading.services.settling.resolve import Resolver

        return Resolver(
            database=self.database,
            chain=self.chain_reader,
            markets=self.market_keeper,
            clock=self.clock,
            reconciler=self.reconciler(holder),
            holder=holder,
        )

    def redeemer(self, holder: str) -> Redeemer:
        from live_trading.services.redeeming.redeem import Redeemer, RedeemPolicy

        return Redeemer(
            database=self.database,
            chain=self.chain_reader,
            addresses=self.contracts,
            carriers=self.carriers,
            clock=self.clock,
            policy=RedeemPolicy(
                confirmations=self.settings.confirmations,
                patience=timedelta(seconds=self.settings.outbid_after_seconds),
                gas_coin_usd=self.settings.gas_coin_usd,
                low_gas_wei=int(self.settings.low_gas_coin * GWEI * GWEI),
            ),
            new_id=self.chance.new_id,
            holder=holder,
            # A clock that is stepped does not move while somebody waits.
            pause=None if self.settings.stepped_clock else time.sleep,
        )
