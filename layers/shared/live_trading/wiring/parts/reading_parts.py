"""What answers the reads that explain: where money went, how orders went, and what keeps a strategy from trading."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from live_trading.wiring.parts.copy_parts import CopyParts

if TYPE_CHECKING:
    from live_trading.api.routes.live.order_search_routes import OrderSearch
    from live_trading.api.routes.live.performance_routes import Performance
    from live_trading.api.routes.live.risk_routes import RiskRead
    from live_trading.api.routes.live.stop_state_routes import StopState
    from live_trading.api.routes.money.export_routes import Exports
    from live_trading.api.routes.money.statement_routes import Statements
    from live_trading.api.routes.money.wallet_detail_routes import WalletDetail


# What a look at the chain may take a request; the gateway waits for thirty seconds in all.
LOOK_SECONDS = 5


class ReadingParts(CopyParts):
    """Each is built on first use, and only looks."""

    @cached_property
    def statements(self) -> Statements:
        from live_trading.api.routes.money.statement_routes import Statements

        return Statements(database=self.database)

    @cached_property
    def order_search(self) -> OrderSearch:
        from live_trading.api.routes.live.order_search_routes import OrderSearch

        return OrderSearch(database=self.database)

    @cached_property
    def exports(self) -> Exports:
        from live_trading.api.routes.money.export_routes import Exports

        return Exports(database=self.database)

    @cached_property
    def performance(self) -> Performance:
        from live_trading.api.routes.live.performance_routes import Performance

        return Performance(database=self.database, clock=self.clock)

    @cached_property
    def risk_read(self) -> RiskRead:
        from live_trading.api.routes.live.risk_routes import RiskRead

        return RiskRead(database=self.database, clock=self.clock)

    @cached_property
    def stop_state(self) -> StopState:
        from live_trading.api.routes.live.stop_state_routes import StopState

        return StopState(database=self.database, clock=self.clock)

    @cached_property
    def wallet_detail(self) -> WalletDetail:
        from live_trading.api.routes.money.wallet_detail_routes import WalletDetail
        from live_trading.chain.reading.wallet_look import WalletLooker
        from live_trading.services.redeeming.approval_needs import Exchanges, needs

        settings = self.settings
        looker = WalletLooker(settings.rpc_url, self.contracts, timeout_seconds=LOOK_SECONDS)
        exchanges = Exchanges(
            standard=settings.standard_exchange, neg_risk=settings.neg_risk_exchange, v3=settings.exchange_v3
        )
        return WalletDetail(database=self.database, looker=looker, needs=needs(self.contracts, exchanges))
