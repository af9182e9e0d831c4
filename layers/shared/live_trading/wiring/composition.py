"""Builds every part from the settings, each on first use and once an execution environment."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from live_trading.wiring.parts.reading_parts import ReadingParts

if TYPE_CHECKING:
    from live_trading.api.resources.job_asking import JobAsking
    from live_trading.api.resources.owned_strategies import Strategies
    from live_trading.api.resources.strategy_capital import StrategyCapital
    from live_trading.api.routes.feed.decision_routes import DecisionsRead
    from live_trading.api.routes.feed.source_trade_routes import SourceTrades
    from live_trading.api.routes.feed.trader_profile_routes import TraderProfiles
    from live_trading.api.routes.feed.trader_routes import Traders
    from live_trading.api.routes.live.kill_switch_routes import KillSwitchApi
    from live_trading.api.routes.live.latency_routes import LatencyRead
    from live_trading.api.routes.live.lock_routes import LocksApi
    from live_trading.api.routes.live.order_routes import OrdersRead
    from live_trading.api.routes.live.position_routes import PositionsRead
    from live_trading.api.routes.live.risk_check_routes import RiskCheck
    from live_trading.api.routes.live.trading_routes import TradingActions
    from live_trading.api.routes.money.approval_routes import Approvals
    from live_trading.api.routes.money.break_routes import WalletBreaks
    from live_trading.api.routes.money.redemption_routes import RedemptionsApi
    from live_trading.api.routes.money.trading_wallet_routes import TradingWallets
    from live_trading.api.routes.paper.ft_order_routes import FtOrders
    from live_trading.api.routes.paper.ft_result_routes import FtResults
    from live_trading.api.routes.paper.ft_wallet_routes import FtWallets
    from live_trading.api.routes.watch.alert_routes import AlertsApi
    from live_trading.api.routes.watch.audit_routes import AuditRead
    from live_trading.api.routes.watch.document_routes import ApiDocument
    from live_trading.api.routes.watch.guard_routes import GuardsRead
    from live_trading.api.routes.watch.job_routes import JobsRead
    from live_trading.services.watching.checkup import HealthService
    from live_trading.services.watching.probing import Probing
    from live_trading.services.watching.recent_look import RecentLook
    from live_trading.services.watching.retention import Retention


# As long as an invocation of lt-execute lives.
LONGEST_RUN_SECONDS = 160


class Parts(ReadingParts):
    """Everything that a function may need: adapters, jobs, and what answers the API."""

    required_schema: str | None = None
    """The newest migration that the function was built with, None where it has none to compare with."""

    def trading_actions(self, holder: str) -> TradingActions:
        from live_trading.api.routes.live.trading_routes import TradingActions

        return TradingActions(
            database=self.database,
            clock=self.clock,
            closer=self.closer(holder),
            canceller=self.canceller(holder),
            wishes=self.wishes(holder),
            chance=self.chance,
            answer_within=self.settings.answer_within_seconds,
        )

    def kill_switch(self, holder: str) -> KillSwitchApi:
        from live_trading.api.resources.job_asking import Mine
        from live_trading.api.routes.live.kill_switch_routes import KillSwitchApi

        mine = Mine(holder=holder, seconds_left=LONGEST_RUN_SECONDS)
        return KillSwitchApi(self.switch(holder), self.job_asking, mine)

    @cached_property
    def job_asking(self) -> JobAsking:
        """Nothing is handed on where the clock is stepped: one thing is done after the other."""
        from live_trading.api.resources.job_asking import JobAsking, failure_of
        from live_trading.aws.own_function import invoke_own
        from live_trading.services.running.asked_jobs import JobDesk

        desk = JobDesk(
            database=self.database,
            clock=self.clock,
            invoke=None if self.settings.stepped_clock else invoke_own,
            failure_of=failure_of,
            elapsed=time.monotonic,
            pause=time.sleep,
        )
        return JobAsking(
            database=self.database,
            clock=self.clock,
            desk=desk,
            new_id=self.chance.new_id,
            answer_within=self.settings.answer_within_seconds,
        )

    @cached_property
    def jobs_read(self) -> JobsRead:
        from live_trading.api.routes.watch.job_routes import JobsRead

        return JobsRead(database=self.database, clock=self.clock)

    @cached_property
    def audit_read(self) -> AuditRead:
        from live_trading.api.routes.watch.audit_routes import AuditRead

        return AuditRead(database=self.database)

    @cached_property
    def ft_wallets(self) -> FtWallets:
        from live_trading.api.routes.paper.ft_wallet_routes import FtWallets

        return FtWallets(database=self.database, clock=self.clock, new_id=self.chance.new_id)

    @cached_property
    def ft_results(self) -> FtResults:
        from live_trading.api.routes.paper.ft_result_routes import FtResults

        return FtResults(database=self.database, clock=self.clock)

    @cached_property
    def ft_orders(self) -> FtOrders:
        from live_trading.api.routes.paper.ft_order_routes import FtOrders

        return FtOrders(database=self.database)

    @cached_property
    def decisions_read(self) -> DecisionsRead:
        from live_trading.api.routes.feed.decision_routes import DecisionsRead

        return DecisionsRead(database=self.database, clock=self.clock)

    @cached_property
    def source_trades(self) -> SourceTrades:
        from live_trading.api.routes.feed.source_trade_routes import SourceTrades

        return SourceTrades(database=self.database)

    @cached_property
    def trader_profiles(self) -> TraderProfiles:
        from live_trading.api.routes.feed.trader_profile_routes import TraderProfiles

        return TraderProfiles(database=self.database)

    @cached_property
    def orders_read(self) -> OrdersRead:
        from live_trading.api.routes.live.order_routes import OrdersRead

        return OrdersRead(database=self.database)

    @cached_property
    def latency_read(self) -> LatencyRead:
        from live_trading.api.routes.live.latency_routes import LatencyRead

        return LatencyRead(database=self.database, clock=self.clock)

    @cached_property
    def positions_read(self) -> PositionsRead:
        from live_trading.api.routes.live.position_routes import PositionsRead

        return PositionsRead(database=self.database, clock=self.clock)

    @cached_property
    def wallet_breaks(self) -> WalletBreaks:
        from live_trading.api.routes.money.break_routes import WalletBreaks

        return WalletBreaks(database=self.database, clock=self.clock)

    @cached_property
    def traders(self) -> Traders:
        from live_trading.api.routes.feed.trader_routes import Traders

        return Traders(database=self.database, clock=self.clock)

    @cached_property
    def trading_wallets(self) -> TradingWallets:
        from live_trading.api.routes.money.trading_wallet_routes import TradingWallets

        return TradingWallets(
            database=self.database,
            clock=self.clock,
            chain=lambda: self.chain_reader,
            new_id=self.chance.new_id,
            secret_prefix=self.settings.wallet_secret_prefix,
        )

    @cached_property
    def strategies(self) -> Strategies:
        from live_trading.api.resources.owned_strategies import Strategies

        return Strategies(database=self.database, clock=self.clock, new_id=self.chance.new_id)

    @cached_property
    def strategy_capital(self) -> StrategyCapital:
        from live_trading.api.resources.strategy_capital import StrategyCapital

        return StrategyCapital(database=self.database, clock=self.clock, new_id=self.chance.new_id)

    @cached_property
    def locks(self) -> LocksApi:
        from live_trading.api.routes.live.lock_routes import LocksApi

        return LocksApi(database=self.database, clock=self.clock)

    @cached_property
    def risk_check(self) -> RiskCheck:
        from live_trading.api.routes.live.risk_check_routes import RiskCheck

        return RiskCheck(
            database=self.database,
            clock=self.clock,
            market_data=lambda: self.market_data,
            gamma=lambda: self.gamma,
        )

    @cached_property
    def redemptions(self) -> RedemptionsApi:
        from live_trading.api.routes.money.redemption_routes import RedemptionsApi

        return RedemptionsApi(database=self.database, clock=self.clock)

    @cached_property
    def approvals(self) -> Approvals:
        from live_trading.api.routes.money.approval_routes import Approvals
        from live_trading.services.redeeming.approval_needs import Exchanges

        return Approvals(
            database=self.database,
            clock=self.clock,
            chain=lambda: self.chain_reader,
            addresses=self.contracts,
            exchanges=Exchanges(
                standard=self.settings.standard_exchange,
                neg_risk=self.settings.neg_risk_exchange,
                v3=self.settings.exchange_v3,
            ),
            new_id=self.chance.new_id,
        )

    @cached_property
    def alerts(self) -> AlertsApi:
        from live_trading.api.routes.watch.alert_routes import AlertsApi

        return AlertsApi(database=self.database, clock=self.clock)

    @cached_property
    def api_document(self) -> ApiDocument:
        from live_trading.api.routes.watch.document_routes import ApiDocument

        return ApiDocument()

    @cached_property
    def guards_read(self) -> GuardsRead:
        from live_trading.api.routes.watch.guard_routes import GuardsRead

        return GuardsRead(database=self.database)

    def health(self) -> HealthService:
        from live_trading.services.watching.checkup import HealthService
        from live_trading.wiring.parts.health_parts import probes_of, wallet_probe_of

        return HealthService(
            database=self.database,
            clock=self.clock,
            probes=probes_of(self),
            notify=self.alert_teller.run,
            limits=self.settings.health_thresholds,
            probing=self._probing,
            wallets=wallet_probe_of(self),
            required_schema=self.required_schema,
            stays=timedelta(seconds=self.settings.watch_seconds),
        )

    @cached_property
    def _probing(self) -> Probing:
        from live_trading.services.watching.probing import Probing

        return Probing(side_by_side=not self.settings.stepped_clock)

    def retention(self, holder: str) -> Retention:
        from live_trading.services.watching.retention import Lives, Retention

        kept = self.settings
        return Retention(
            database=self.database,
            clock=self.clock,
            lives=Lives(
                decisions=timedelta(days=kept.keep_decisions_days),
                all_snapshots=timedelta(days=kept.keep_snapshots_days),
                hourly_snapshots=timedelta(days=kept.keep_hourly_snapshots_days),
                checks_of_health=timedelta(days=kept.keep_checks_days),
                kept_answers=timedelta(days=kept.keep_answers_days),
                rows_set_aside=timedelta(days=kept.keep_unread_rows_days),
                records_of_traders=timedelta(days=kept.keep_records_days),
                alerts=timedelta(days=kept.keep_alerts_days),
                audit=timedelta(days=kept.keep_audit_days),
                # A key must not outlive the job that it has asked for.
                asked_jobs=timedelta(days=max(kept.keep_asked_jobs_days, kept.keep_answers_days)),
            ),
            holder=holder,
        )

    @cached_property
    def recent_health(self) -> RecentLook:
        from live_trading.services.watching.recent_look import RecentLook

        return RecentLook(look=lambda: self.health().look(), clock=self.clock)
