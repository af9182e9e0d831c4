-- The rest of the rules, how far a lock goes, and the observations that rules are judged on.
-- The runner's one transaction rules out concurrent builds; the tables that change hold a row a strategy or a lock.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid
-- squawk-ignore-file adding-foreign-key-constraint

-- risk_preset: the named set that the limits began with; NULL where they were given one by one.
ALTER TABLE lt_risk_rules
ADD COLUMN risk_preset TEXT CHECK (risk_preset IN ('conservative', 'moderate', 'aggressive')),
ADD COLUMN daily_loss_limit_usd NUMERIC(20, 6) CHECK (daily_loss_limit_usd > 0),
ADD COLUMN daily_loss_limit_fraction NUMERIC(8, 6) CHECK (
    daily_loss_limit_fraction > 0 AND daily_loss_limit_fraction <= 1
),
ADD COLUMN weekly_loss_limit_usd NUMERIC(20, 6) CHECK (weekly_loss_limit_usd > 0),
ADD COLUMN weekly_loss_limit_fraction NUMERIC(8, 6) CHECK (
    weekly_loss_limit_fraction > 0 AND weekly_loss_limit_fraction <= 1
),
ADD COLUMN max_order_usd NUMERIC(20, 6) CHECK (max_order_usd > 0),
ADD COLUMN max_order_fraction NUMERIC(8, 6) CHECK (max_order_fraction > 0 AND max_order_fraction <= 1),
ADD COLUMN shrink_to_fit BOOLEAN NOT NULL DEFAULT FALSE,
ADD COLUMN max_market_exposure_usd NUMERIC(20, 6) CHECK (max_market_exposure_usd > 0),
ADD COLUMN max_market_exposure_fraction NUMERIC(8, 6) CHECK (
    max_market_exposure_fraction > 0 AND max_market_exposure_fraction <= 1
),
ADD COLUMN max_event_exposure_usd NUMERIC(20, 6) CHECK (max_event_exposure_usd > 0),
ADD COLUMN max_event_exposure_fraction NUMERIC(8, 6) CHECK (
    max_event_exposure_fraction > 0 AND max_event_exposure_fraction <= 1
),
ADD COLUMN max_trader_exposure_usd NUMERIC(20, 6) CHECK (max_trader_exposure_usd > 0),
ADD COLUMN max_trader_exposure_fraction NUMERIC(8, 6) CHECK (
    max_trader_exposure_fraction > 0 AND max_trader_exposure_fraction <= 1
),
ADD COLUMN max_wallet_exposure_usd NUMERIC(20, 6) CHECK (max_wallet_exposure_usd > 0),
ADD COLUMN max_wallet_exposure_fraction NUMERIC(8, 6) CHECK (
    max_wallet_exposure_fraction > 0 AND max_wallet_exposure_fraction <= 1
),
ADD COLUMN max_wallet_market_exposure_usd NUMERIC(20, 6) CHECK (max_wallet_market_exposure_usd > 0),
ADD COLUMN max_wallet_market_exposure_fraction NUMERIC(8, 6) CHECK (
    max_wallet_market_exposure_fraction > 0 AND max_wallet_market_exposure_fraction <= 1
),
ADD COLUMN max_positions_per_market INTEGER CHECK (max_positions_per_market > 0),
ADD COLUMN max_drawdown_fraction NUMERIC(8, 6) CHECK (max_drawdown_fraction > 0 AND max_drawdown_fraction <= 1),
ADD COLUMN drawdown_resume_threshold_fraction NUMERIC(8, 6) CHECK (
    drawdown_resume_threshold_fraction > 0 AND drawdown_resume_threshold_fraction < max_drawdown_fraction
),
ADD COLUMN max_consecutive_losses INTEGER CHECK (max_consecutive_losses > 0),
ADD COLUMN breaker_scope TEXT CHECK (breaker_scope IN ('STRATEGY', 'TRADING_WALLET', 'GLOBAL')),
ADD COLUMN breaker_window_seconds INTEGER CHECK (breaker_window_seconds > 0),
ADD COLUMN breaker_cooldown_seconds INTEGER CHECK (breaker_cooldown_seconds > 0),
ADD COLUMN breaker_error_rate_fraction NUMERIC(8, 6) CHECK (
    breaker_error_rate_fraction > 0 AND breaker_error_rate_fraction <= 1
),
ADD COLUMN breaker_slippage_fraction NUMERIC(8, 6) CHECK (
    breaker_slippage_fraction > 0 AND breaker_slippage_fraction <= 1
),
ADD COLUMN breaker_slippage_fills INTEGER CHECK (breaker_slippage_fills > 0),
ADD COLUMN breaker_breaks INTEGER CHECK (breaker_breaks > 0),
ADD COLUMN breaker_feed_lag_seconds INTEGER CHECK (breaker_feed_lag_seconds > 0),
ADD COLUMN breaker_price_age_seconds INTEGER CHECK (breaker_price_age_seconds > 0),
ADD COLUMN max_slippage_fraction NUMERIC(8, 6) CHECK (max_slippage_fraction > 0 AND max_slippage_fraction <= 1),
ADD COLUMN max_spread_fraction NUMERIC(8, 6) CHECK (max_spread_fraction > 0 AND max_spread_fraction <= 1),
ADD COLUMN min_liquidity_usd NUMERIC(20, 6) CHECK (min_liquidity_usd > 0),
ADD COLUMN min_liquidity_multiple NUMERIC(12, 6) CHECK (min_liquidity_multiple > 0),
ADD COLUMN max_decision_age_milliseconds INTEGER CHECK (max_decision_age_milliseconds > 0),
ADD COLUMN max_venue_latency_milliseconds INTEGER CHECK (max_venue_latency_milliseconds > 0),
ADD COLUMN min_entry_price NUMERIC(8, 6) CHECK (min_entry_price > 0 AND min_entry_price < 1),
ADD COLUMN max_entry_price NUMERIC(8, 6) CHECK (max_entry_price > 0 AND max_entry_price < 1),
ADD COLUMN max_stake_to_median_multiple NUMERIC(12, 6) CHECK (max_stake_to_median_multiple > 0),
ADD COLUMN max_orders_per_minute INTEGER CHECK (max_orders_per_minute > 0),
ADD COLUMN max_wallet_orders_per_minute INTEGER CHECK (max_wallet_orders_per_minute > 0),
ADD COLUMN min_trader_win_rate_fraction NUMERIC(8, 6) CHECK (
    min_trader_win_rate_fraction > 0 AND min_trader_win_rate_fraction <= 1
),
ADD COLUMN max_trader_silence_days INTEGER CHECK (max_trader_silence_days > 0),
ADD COLUMN same_trade_window_seconds INTEGER CHECK (same_trade_window_seconds > 0),
ADD COLUMN use_volatility_adjustment BOOLEAN NOT NULL DEFAULT FALSE,
ADD COLUMN volatility_lookback_days INTEGER CHECK (volatility_lookback_days > 0),
ADD COLUMN low_volatility_per_day NUMERIC(12, 6) CHECK (low_volatility_per_day > 0),
ADD COLUMN high_volatility_per_day NUMERIC(12, 6) CHECK (high_volatility_per_day > low_volatility_per_day),
ADD COLUMN low_volatility_multiplier NUMERIC(12, 6) CHECK (low_volatility_multiplier > 0),
ADD COLUMN high_volatility_multiplier NUMERIC(12, 6) CHECK (high_volatility_multiplier > 0),
ADD CHECK (min_entry_price < max_entry_price);

-- How far a lock goes beyond stopping entries, and how it ended.
ALTER TABLE locks
ADD COLUMN mode TEXT NOT NULL DEFAULT 'STOP_ENTRIES'
CHECK (mode IN ('STOP_ENTRIES', 'CANCEL_ORDERS', 'FLATTEN')),
ADD COLUMN release_kind TEXT CHECK (release_kind IN ('BY_HAND', 'EXPIRED', 'RECOVERED')),
ADD COLUMN release_detail TEXT NOT NULL DEFAULT '';
UPDATE locks SET release_kind = 'BY_HAND' WHERE released_at IS NOT NULL;
ALTER TABLE locks ADD CHECK ((released_at IS NULL) = (release_kind IS NULL));
ALTER TABLE locks DROP CONSTRAINT locks_reason_check;
ALTER TABLE locks ADD CONSTRAINT locks_reason_check CHECK (reason IN (
    'paused_by_user', 'locked_by_user', 'kill_switch', 'circuit_breaker', 'drawdown', 'consecutive_losses',
    'break_found', 'wallet_mismatch', 'closed_only', 'geoblocked'
)) NOT VALID;
ALTER TABLE locks VALIDATE CONSTRAINT locks_reason_check;
CREATE INDEX locks_by_reason ON locks (scope, scope_id, reason, released_at);

-- What one share of a held token could be sold for when it was last looked at; worth 0 where nobody bid.
CREATE TABLE position_marks (
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    token_id TEXT NOT NULL,
    bid_price NUMERIC(8, 6) NOT NULL CHECK (bid_price BETWEEN 0 AND 1),
    taken_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (trading_wallet_id, token_id)
);

-- Calls to the venue of one wallet, a row a run: how many, how many failed, and how long each took.
CREATE TABLE venue_calls (
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    observed_at TIMESTAMPTZ NOT NULL,
    calls INTEGER NOT NULL CHECK (calls > 0),
    failed_calls INTEGER NOT NULL CHECK (failed_calls BETWEEN 0 AND calls),
    latencies_milliseconds INTEGER [] NOT NULL,
    PRIMARY KEY (trading_wallet_id, observed_at)
);

-- How far the feed of trades was behind when it last said so.
CREATE TABLE feed_freshness (
    feed TEXT PRIMARY KEY,
    computed_at TIMESTAMPTZ NOT NULL,
    observed_at TIMESTAMPTZ NOT NULL
);

-- marked: positions at what they could be sold for. transfers_in: what the owner put in, which is no profit.
ALTER TABLE equity_snapshots
ADD COLUMN marked_equity_usd NUMERIC(20, 6),
ADD COLUMN transfers_in_usd NUMERIC(20, 6);
UPDATE equity_snapshots AS snapshot SET
    marked_equity_usd = snapshot.equity_usd,
    transfers_in_usd = strategy.initial_capital_usd
FROM lt_strategies AS strategy WHERE strategy.lt_strategy_id = snapshot.lt_strategy_id;
CREATE INDEX equity_snapshots_by_profit
ON equity_snapshots (lt_strategy_id, (marked_equity_usd - transfers_in_usd) DESC);

ALTER TABLE lt_risk_state
ADD COLUMN marked_equity_usd NUMERIC(20, 6) NOT NULL DEFAULT 0,
ADD COLUMN drawdown_fraction NUMERIC(12, 6) NOT NULL DEFAULT 0,
ADD COLUMN daily_profit_usd NUMERIC(20, 6) NOT NULL DEFAULT 0,
ADD COLUMN weekly_profit_usd NUMERIC(20, 6) NOT NULL DEFAULT 0,
ADD COLUMN locks JSONB NOT NULL DEFAULT '[]';

CREATE INDEX lt_orders_by_strategy_and_time ON lt_orders (lt_strategy_id, intent_at);
CREATE INDEX lt_orders_by_wallet_and_time ON lt_orders (trading_wallet_id, intent_at);
CREATE INDEX source_trades_by_token ON source_trades (token_id, trade_time);
