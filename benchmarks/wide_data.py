"""A database with many traders, markets and paper wallets, and new trades that nobody has decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from live_trading.store.database.connection import Database

TRADERS, TRADES_A_TRADER, TRADERS_A_WALLET, MARKETS = 1_000, 10, 10, 500
NEW_TRADES = TRADERS * TRADES_A_TRADER
NOW = datetime(2026, 9, 28, 12, 0, tzinfo=UTC)

_TRADERS = """
INSERT INTO traders (trader_address, is_followed, created_at)
SELECT '0x' || lpad(to_hex(made), 40, '0'), TRUE, :since FROM generate_series(1, :traders) AS made
"""
_STATS = """
INSERT INTO trader_stats (
    trader_address, as_of, d30_resolved_count, d30_won_count, d30_average_trade_usd, lifetime_resolved_count,
    lifetime_won_count, lifetime_average_trade_usd
)
SELECT trader_address, :hour, 100, 80, 10, 100, 80, 10 FROM traders
"""
_MARKETS = """
INSERT INTO markets (
    condition_id, version, question, slug, category, tags, event_id, outcomes, token_ids, is_open, accepting_orders,
    end_time, tick_size, minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
)
SELECT
    '0x' || lpad(to_hex(made), 64, '0'), 'v1', 'Will it rain on day ' || made || '?', 'will-it-rain-' || made,
    'Weather', '{Rain,Weather}', made::text, '{Yes,No}', ARRAY[(2 * made)::text, (2 * made + 1)::text], TRUE, TRUE,
    :now::timestamptz + INTERVAL '1 day', 0.01, 5, 0, 1, FALSE, :now, :now
FROM generate_series(1, :markets) AS made
"""
_FEES = """
INSERT INTO market_book_fees (condition_id, fee_rate, fee_exponent, asked_at)
SELECT condition_id, 0, 1, :now FROM markets
"""
_TRADES = """
INSERT INTO source_trades (
    transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome, outcome_index,
    title, slug, trade_time, seen_at
)
SELECT
    '0x' || lpad(to_hex(made), 64, '0'), (2 * (made % :markets + 1))::text,
    '0x' || lpad(to_hex(made % :traders + 1), 40, '0'), 'BUY', 0.3 + (made % 60) / 100.0, 20, 0,
    '0x' || lpad(to_hex(made % :markets + 1), 64, '0'), 'Yes', 0, 'Will it rain?', 'will-it-rain',
    :since::timestamptz + made * INTERVAL '10 milliseconds', :since::timestamptz + made * INTERVAL '10 milliseconds'
FROM generate_series(1, :trades) AS made
"""
_WALLETS = """
INSERT INTO ft_wallets (
    ft_wallet_id, owner_id, name, is_active, starting_balance_usd, current_version, created_at, updated_at
)
SELECT
    ('00000000-0000-0000-0000-' || lpad(to_hex(made), 12, '0'))::uuid, 'owner', 'wallet ' || made, TRUE, 100000, 1,
    :since, :since
FROM generate_series(1, :wallets) AS made
"""
_VERSIONS = """
INSERT INTO ft_wallet_versions (ft_wallet_id, version, config, config_hash, created_by, created_at)
SELECT
    ('00000000-0000-0000-0000-' || lpad(to_hex(made), 12, '0'))::uuid, 1,
    jsonb_build_object(
        'bet_size', '10', 'max_bet', '100', 'price_min', '0.5', 'price_max', '0.52',
        'target_traders', (
            SELECT jsonb_agg('0x' || lpad(to_hex((made * 7 + step) % :traders + 1), 40, '0'))
            FROM generate_series(1, :each) AS step
        )
    ),
    repeat('0', 64), 'owner', :since
FROM generate_series(1, :wallets) AS made
"""


def fill(database: Database, wallets: int) -> None:
    """Fills an empty database; each wallet follows TRADERS_A_WALLET of the traders, and accepts a twentieth."""
    since, traded = NOW - timedelta(days=1), NOW - timedelta(minutes=5)
    with database.transaction() as transaction:
        transaction.execute(_TRADERS, traders=TRADERS, since=since)
        transaction.execute(_STATS, hour=NOW - timedelta(hours=1))
        transaction.execute(_MARKETS, markets=MARKETS, now=NOW)
        transaction.execute(_FEES, now=NOW)
        transaction.execute(_TRADES, traders=TRADERS, markets=MARKETS, trades=NEW_TRADES, since=traded)
        transaction.execute(_WALLETS, wallets=wallets, since=since)
        transaction.execute(_VERSIONS, wallets=wallets, traders=TRADERS, each=TRADERS_A_WALLET, since=since)
    with database.transaction() as transaction:
        transaction.execute("ANALYZE")
