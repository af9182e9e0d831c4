"""Fills, exits and redemptions as messages: only where they are wanted, from then on, each once, with its slippage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.services.alerting.booked_news import BookedNews, News
from tests.integration.active_strategy import add_active_strategy
from tests.integration.alerting.alert_fixtures import NOON, AlertDesk

pytestmark = [pytest.mark.integration, pytest.mark.health]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def trading(alert_desk: AlertDesk) -> AlertDesk:
    """With a strategy, a market, and an order each way."""
    add_active_strategy(alert_desk.database, now=NOON)
    alert_desk.changes(
        """
        INSERT INTO markets (
            condition_id, version, question, slug, outcomes, token_ids, is_open, accepting_orders, tick_size,
            minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
        ) VALUES (
            '0x' || repeat('c', 64), 'v1', 'Will it ring?', 'will-it-ring', '{Yes,No}', '{1,2}', TRUE, TRUE, 0.01,
            5, 0, 1, FALSE, :now, :now
        )
        """,
        now=NOON,
    )
    for side, purpose, letter in (("BUY", "ENTRY", "d"), ("SELL", "EXIT", "e")):
        alert_desk.changes(
            """
            INSERT INTO lt_orders (
                lt_order_id, lt_strategy_id, trading_wallet_id, purpose, token_id, condition_id, outcome_index, side,
                order_type, limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload,
                order_hash, state, decided_at, intent_at, sent_at, finished_at, signal_price, midpoint, exit_reason
            )
            SELECT
                gen_random_uuid(), lt_strategy_id, trading_wallet_id, :purpose, '1', '0x' || repeat('c', 64), 0, :side,
                'FAK', 0.5, 12.5, 25, 0, 0, '{}', '0x' || repeat(:letter, 64), 'FILLED', :now, :now, :now, :now,
                0.5, 0.6, CASE :side WHEN 'SELL' THEN 'stop_loss' END
            FROM lt_strategies
            """,
            side=side,
            purpose=purpose,
            letter=letter,
            now=NOON,
        )
    return alert_desk


def fills(
    desk: AlertDesk, side: str = "BUY", price: str = "0.51", *, trade: str = "t1", late: timedelta = MINUTE
) -> None:
    desk.changes(
        """
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, match_time, confirmed_at, recorded_at
        )
        SELECT
            :trade, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id, outcome_index,
            side, 20, :price::numeric, 20 * :price::numeric, 0.1, 'TAKER', 'CONFIRMED', :at, :at, :at
        FROM lt_orders WHERE side = :side
        """,
        side=side,
        price=price,
        trade=trade,
        at=desk.at - late + MINUTE,
    )


def wants(desk: AlertDesk, *news: News) -> None:
    desk.note_events = BookedNews(database=desk.database, wanted=news).note
    desk.tells()


def test_nothing_is_told_of_what_was_booked_unless_it_is_wanted(trading: AlertDesk) -> None:
    fills(trading)

    trading.tells()

    assert trading.titles() == []


def test_an_entry_is_told_once_with_its_slippage_against_the_signal(trading: AlertDesk) -> None:
    fills(trading, trade="before anybody wanted it", late=timedelta(hours=1))
    wants(trading, News.FILLS)
    fills(trading)
    for _ in range(3):
        trading.tells()

    (text,) = trading.telegram.texts
    assert text == (
        "one bought 20.000000 Yes of will-it-ring at 0.510000\n\n"
        "10.200000 USD and a fee of 0.100000 USD. Slippage against the signal's price (0.500000): 200.00 basis points, "
        "0.200000 USD (positive is worse)."
    )


def test_a_sale_is_told_with_its_reason_and_its_slippage_against_the_middle_of_the_book(trading: AlertDesk) -> None:
    wants(trading, News.EXITS)
    fills(trading, "SELL", "0.57")
    fills(trading, "BUY")
    trading.tells()

    (text,) = trading.telegram.texts
    assert text.startswith("one sold 20.000000 Yes of will-it-ring at 0.570000")
    assert "Why: stop_loss. Slippage against the middle of the book (0.600000): 500.00 basis points" in text


def test_what_was_booked_earlier_and_committed_later_is_told_all_the_same(trading: AlertDesk) -> None:
    wants(trading, News.FILLS)
    fills(trading)
    trading.tells()
    fills(trading, trade="t2", late=timedelta(minutes=5))
    trading.tells()
    trading.tells()

    assert len(trading.titles()) == 2


def test_a_busy_minute_is_one_message(trading: AlertDesk) -> None:
    wants(trading, News.FILLS)
    for number in range(30):
        fills(trading, trade=f"t{number}")
    trading.tells()

    assert trading.titles() == ["30 messages"]


def test_a_redemption_is_told_with_what_came(trading: AlertDesk) -> None:
    wants(trading, News.REDEMPTIONS)
    trading.changes(
        """
        INSERT INTO lt_redemptions (
            lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, redemption_amount_usd,
            market_resolved_at, created_at, redeemed_at, settled_by
        )
        SELECT gen_random_uuid(), trading_wallet_id, '0x' || repeat('c', 64), 'STANDARD', 'NOTHING_TO_DO', 20, 20,
            :now, :now, :at, 'SOMEONE_ELSE'
        FROM trading_wallets
        """,
        now=NOON,
        at=trading.at,
    )
    trading.tells()

    assert trading.telegram.texts == [
        "will-it-ring paid 20.000000 USD\n\nWallet main: 20.000000 USD came, 20.000000 USD were expected."
    ]
