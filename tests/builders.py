"""Values for tests: every field has a sane default, and a test names only what matters to it.

The defaults together are a trade that the default configuration accepts: ALICE, who won 70 of 100 positions, buys
100 YES at 0.40 in an open market; the wallet bets ten dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.nouns.markets import BookLevel, FeeSchedule, Market, OrderBook, PayoutVector, ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd, notional
from live_trading.nouns.orders import Fill, FillStatus, LiquidityRole
from live_trading.nouns.risk_rules import RiskRules
from live_trading.nouns.trades import Side, SourceTrade, TraderRecord, TraderStats
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.snapshot import BreakerFacts, RiskSnapshot, Standing
from live_trading.signals.config import WalletConfig, parse_config
from live_trading.signals.inputs import EvaluationInputs

NOON = datetime(2026, 9, 28, 12, 0, tzinfo=UTC)
ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
CONDITION = "0x" + "c0" * 32
YES = "1001"
NO = "1002"
TRADING_WALLET = UUID("11111111-1111-4111-8111-111111111111")
STRATEGY = UUID("22222222-2222-4222-8222-222222222222")
ORDER = UUID("33333333-3333-4333-8333-333333333333")
REDEMPTION = UUID("44444444-4444-4444-8444-444444444444")
ORDER_HASH = "0x" + "0d" * 32
NO_FEES = FeeSchedule(rate=Decimal(0), exponent=Decimal(1))
CRYPTO_FEES = FeeSchedule(rate=Decimal("0.07"), exponent=Decimal(1))


def a_trade(**changes: Any) -> SourceTrade:
    """ALICE buys 100 YES at 0.40, which is 40 dollars, one minute before NOON."""
    trade = SourceTrade(
        transaction_hash="0x" + "7a" * 32,
        token_id=YES,
        trader=ALICE,
        side=Side.BUY,
        price=Price("0.40"),
        shares=Shares(100),
        occurrence=0,
        condition_id=CONDITION,
        outcome="Yes",
        outcome_index=0,
        title="Will it rain in Oslo tomorrow?",
        slug="will-it-rain-in-oslo-tomorrow",
        trade_time=NOON - timedelta(minutes=1),
    )
    return replace(trade, **changes)


def a_market(**changes: Any) -> Market:
    """An open binary market on a cent grid, without fees, that ends a day after NOON."""
    market = Market(
        condition_id=CONDITION,
        version=ProtocolVersion.V1,
        question="Will it rain in Oslo tomorrow?",
        slug="will-it-rain-in-oslo-tomorrow",
        category="Weather",
        tags=("Rain", "Norway"),
        event_id="7",
        outcomes=("Yes", "No"),
        token_ids=(YES, NO),
        is_open=True,
        accepting_orders=True,
        end_time=NOON + timedelta(days=1),
        game_start_time=None,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares(5),
        fees=NO_FEES,
        neg_risk=False,
    )
    return replace(market, **changes)


def a_record(*, resolved: int = 100, won: int = 70, average: str | None = "20") -> TraderRecord:
    """70 of 100 positions won; a usual trade is 20 dollars."""
    return TraderRecord(
        resolved_count=resolved, won_count=won, average_trade_usd=None if average is None else Usd(average)
    )


def stats(
    *,
    trader: str = ALICE,
    as_of: datetime = NOON - timedelta(hours=1),
    last_30_days: TraderRecord | None = None,
    lifetime: TraderRecord | None = None,
) -> TraderStats:
    """The record of `a_record` in both windows."""
    return TraderStats(
        trader=trader,
        as_of=as_of,
        last_30_days=last_30_days or a_record(),
        lifetime=lifetime or a_record(),
    )


def a_config(**keys: Any) -> WalletConfig:
    """A FIXED bet of ten dollars, and the documented defaults; keys as the API takes them."""
    return parse_config({"bet_size": "10", "max_bet": "100", **keys})


def inputs(**changes: Any) -> EvaluationInputs:
    """The accepted trade: probability (70 + 15) / 130, bankroll 1000 dollars, decided at NOON."""
    whole = EvaluationInputs(
        trade=a_trade(),
        stats=stats(),
        prior_mean=Decimal("0.5"),
        market=a_market(),
        config=a_config(),
        config_version=1,
        is_active=True,
        bankroll=Usd(1000),
        now=NOON,
        max_signal_age_seconds=600,
        model_probability=None,
        model_name=None,
    )
    return replace(whole, **changes)


def levels(*pairs: tuple[str, str]) -> tuple[BookLevel, ...]:
    """Book levels from (price, shares), best first."""
    return tuple(BookLevel(price=Price(price), shares=Shares(shares)) for price, shares in pairs)


def a_book(
    *,
    asks: Sequence[tuple[str, str]] = (("0.41", "100"), ("0.42", "100")),
    bids: Sequence[tuple[str, str]] = (("0.39", "100"), ("0.38", "100")),
    **changes: Any,
) -> OrderBook:
    """YES at 0.39 / 0.41 with 100 shares a level; levels are given best first."""
    book = OrderBook(
        token_id=YES,
        condition_id=CONDITION,
        bids=levels(*bids),
        asks=levels(*asks),
        book_hash="b" * 40,
        taken_at=NOON,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares(5),
    )
    return replace(book, **changes)


def a_fill(
    *, side: Side = Side.BUY, price: str = "0.40", shares: str = "25", fee: str = "0", number: int = 1, **changes: Any
) -> Fill:
    """Our part of venue trade `number`: 25 YES at 0.40, matched and not settled; `usd` is price times shares."""
    fill = Fill(
        venue_trade_id=f"trade-{number}",
        order_hash=ORDER_HASH,
        token_id=YES,
        side=side,
        shares=Shares(shares),
        price=Price(price),
        usd=notional(Price(price), Shares(shares)),
        fee=Usd(fee),
        role=LiquidityRole.TAKER,
        status=FillStatus.MATCHED,
        transaction_hash=None,
        match_time=NOON,
    )
    return replace(fill, **changes)


def a_payout(*numerators: int, denominator: int | None = None) -> PayoutVector:
    """The chain's verdict on CONDITION; the denominator is the sum of the numerators unless given."""
    return PayoutVector(
        condition_id=CONDITION,
        numerators=numerators,
        denominator=sum(numerators) if denominator is None else denominator,
    )


def risk_rules(**limits: Any) -> RiskRules:
    """Every rule off but those named."""
    return replace(RiskRules.off(), **limits)


def a_standing(**changes: Any) -> Standing:
    """A strategy at its high-water mark of 1000 dollars, with a venue and a feed that behave."""
    breaker = BreakerFacts(
        failed_fraction=Decimal(0),
        fills_slippage_fraction=Decimal(0),
        breaks_found=0,
        feed_lag_seconds=5,
        price_age_seconds=0,
    )
    facts = {name: changes.pop(name) for name in list(changes) if name in BreakerFacts.__dataclass_fields__}
    standing = Standing(
        capital=Usd(1000),
        marked_equity=Usd(1000),
        high_water=Usd(1000),
        loss_run=0,
        breaker=replace(breaker, **facts),
    )
    return replace(standing, **changes)


def a_risk_snapshot(**changes: Any) -> RiskSnapshot:
    """A strategy with 1000 dollars in cash that has neither spent nor holds anything, after a trader who does well."""
    fresh = RiskSnapshot(
        standing=a_standing(),
        equity=Usd(1000),
        day_start_equity=Usd(1000),
        week_start_equity=Usd(1000),
        month_start_equity=Usd(1000),
        available=Usd(1000),
        spent_today=Usd(0),
        spent_this_week=Usd(0),
        spent_this_month=Usd(0),
        profit_today=Usd(0),
        profit_this_week=Usd(0),
        exposure=Usd(0),
        position_usd=Usd(0),
        market_exposure=Usd(0),
        event_exposure=Usd(0),
        trader_exposure=Usd(0),
        wallet_unallocated=Usd.zero(),
        wallet_equity=Usd(1000),
        wallet_exposure=Usd(0),
        wallet_market_exposure=Usd(0),
        holds_this_position=False,
        open_positions=0,
        positions_in_market=0,
        orders_last_minute=0,
        wallet_orders_last_minute=0,
        median_stake=Usd(20),
        venue_latency_milliseconds=100,
        trader_win_rate=Decimal("0.6"),
        trader_silence=timedelta(hours=3),
        is_same_trade=False,
    )
    return replace(fresh, **changes)


def a_proposal(**changes: Any) -> ProposedEntry:
    """20 dollars with a dollar of fees at a limit of 0.42 for a signal of 0.40 a minute ago, in a deep book."""
    proposal = ProposedEntry(
        reservation=Usd(21),
        stake=Usd(20),
        limit_price=Price("0.42"),
        signal_price=Price("0.40"),
        signal_age=timedelta(minutes=1),
        max_signal_age=timedelta(minutes=10),
        best_bid=Price("0.39"),
        best_ask=Price("0.41"),
        expected_price=Decimal("0.41"),
        depth=Usd(500),
        volatility=None,
    )
    return replace(proposal, **changes)
