"""What limits a strategy as things stand, and the presets that limits may begin with; reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from live_trading.api.once import Answer
from live_trading.api.problems import not_found
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.risk_views import (
    Hindrance,
    HindranceView,
    PresetsView,
    RiskView,
    figures_view,
    hindrances_of_limits,
    hindrances_of_locks,
    limit_view,
    limits_off,
    locks_view,
    presets_view,
)
from live_trading.api.views.strategy_views import status_of_strategy
from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import WalletVerification
from live_trading.risk.periods import day_start, month_start, week_start
from live_trading.risk.usage.counting import uses
from live_trading.risk.usage.limits import GivesBack
from live_trading.store.accounts import strategies, trading_wallets
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.risk import at_stake, locks, risk_facts
from live_trading.store.risk.risk_facts import EntryKey

# Longer than any month, so that the start of the next one lies at or before it, and a day beyond any change of clocks.
_OVER_A_MONTH = timedelta(days=32)
_OVER_A_WEEK = timedelta(days=7, hours=3)
_OVER_A_DAY = timedelta(days=1, hours=3)


class RiskRead:
    """One owner's limits. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_strategy(self, owner_id: str, lt_strategy_id: UUID) -> Answer:
        """Each limit with what is used of it, and what keeps the strategy from opening."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            strategy = strategies.find(transaction, lt_strategy_id, owner_id)
            if strategy is None:
                raise not_found("strategy")
            live = strategy.as_live()
            state = risk_facts.snapshot(transaction, live, _nothing(now), now)
            largest = at_stake.largest(transaction, live)
            in_force = locks.on_entries(transaction, now)
            not_proved = _not_proved(transaction, strategy)
        stops = [lock for lock in in_force if lock.stops_all_of(lt_strategy_id, strategy.trading_wallet_id)]
        limits = uses(strategy.rules, state, largest, strategy.max_signal_age_seconds)
        ends = _ends(now, strategy.time_zone)
        body: RiskView = {
            "lt_strategy_id": str(lt_strategy_id),
            "status": status_of_strategy(strategy, stops),
            "risk_preset": strategy.risk_preset,
            "time_zone": strategy.time_zone,
            "keeps_from_trading": [
                *_switches(strategy),
                *hindrances_of_locks(stops),
                *not_proved,
                *hindrances_of_limits(state, limits),
            ],
            "figures": figures_view(state),
            "limits": [limit_view(use, ends) for use in limits],
            "limits_off": limits_off(limits),
            "locks": locks_view(stops),
        }
        return Answer(status=200, body=body)


def _nothing(now: datetime) -> EntryKey:
    """No entry in particular: no token and no market has this name."""
    return EntryKey(token_id="", condition_id="", event_id=None, trader=None, trade_time=now)


def _switches(strategy: StrategyRow) -> list[HindranceView]:
    if strategy.ended_at is not None:
        detail = f"ended for good at {strategy.ended_at.isoformat()}"
        return [{"what": Hindrance.ENDED, "detail": detail, "lock_id": None}]
    if not strategy.is_active:
        return [{"what": Hindrance.SWITCHED_OFF, "detail": "is_active is false", "lock_id": None}]
    return []


def _not_proved(transaction: Transaction, strategy: StrategyRow) -> list[HindranceView]:
    wallet = trading_wallets.find(transaction, strategy.trading_wallet_id, strategy.owner_id)
    if wallet is None or wallet.verification is WalletVerification.VERIFIED:
        return []
    why = wallet.verification_error or "lt-execute tries it in its next run"
    detail = f"the key of trading wallet {wallet.name} is not proved yet: {why}"
    return [{"what": Hindrance.WALLET_NOT_PROVED, "detail": detail, "lock_id": None}]


def _ends(now: datetime, zone: str) -> dict[GivesBack, datetime]:
    """When the periods of the strategy's zone end that now lies in."""
    return {
        GivesBack.DAY: day_start(day_start(now, zone) + _OVER_A_DAY, zone),
        GivesBack.WEEK: week_start(week_start(now, zone) + _OVER_A_WEEK, zone),
        GivesBack.MONTH: month_start(month_start(now, zone) + _OVER_A_MONTH, zone),
    }


ROUTES = Routes[RiskRead]("risk_read")


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/risk", answers=RiskView)
def _of_strategy(risk: RiskRead, request: Request) -> Answer:
    """Shows how much of each of a strategy's limits is used, what gives it back, and what keeps it from opening.

    Limits on one market, event or trader are told with the largest of them; what only an entry can tell has no
    `observed`. A lock that stops a single trader, market or event is not among the locks here.
    """
    return risk.of_strategy(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.get("/api/lt/risk/presets", answers=PresetsView)
def _presets(_risk: RiskRead, _request: Request) -> Answer:
    """Lists the presets that a strategy's limits may begin with, every limit of each."""
    return Answer(status=200, body=presets_view())
