-- Trading wallets, LT strategies, their limits and their state.

CREATE TABLE trading_wallets (
    trading_wallet_id UUID PRIMARY KEY,
    owner_id TEXT NOT NULL CHECK (owner_id <> ''),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    address TEXT NOT NULL UNIQUE CHECK (address ~ '^0x[0-9a-f]{40}$'),
    signature_type SMALLINT NOT NULL CHECK (signature_type BETWEEN 0 AND 3),
    secret_name TEXT NOT NULL CHECK (secret_name <> ''),
    opening_balance_usd NUMERIC(20, 6) NOT NULL CHECK (opening_balance_usd >= 0),
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (owner_id, name)
);

CREATE TABLE lt_strategies (
    lt_strategy_id UUID PRIMARY KEY,
    owner_id TEXT NOT NULL CHECK (owner_id <> ''),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    ft_wallet_id UUID NOT NULL UNIQUE REFERENCES ft_wallets (ft_wallet_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    is_active BOOLEAN NOT NULL,
    initial_capital_usd NUMERIC(20, 6) NOT NULL CHECK (initial_capital_usd > 0),
    order_type TEXT NOT NULL CHECK (order_type IN ('FAK', 'FOK', 'GTC', 'GTD')),
    slippage_bound_fraction NUMERIC(8, 6) NOT NULL CHECK (slippage_bound_fraction BETWEEN 0 AND 0.5),
    max_signal_age_seconds INTEGER NOT NULL CHECK (max_signal_age_seconds BETWEEN 1 AND 86400),
    time_zone TEXT NOT NULL DEFAULT 'UTC',
    launched_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- NULL turns a rule off; there are no hidden defaults. A fraction is of equity, 0..1.
CREATE TABLE lt_risk_rules (
    lt_strategy_id UUID PRIMARY KEY REFERENCES lt_strategies (lt_strategy_id),
    daily_budget_usd NUMERIC(20, 6) CHECK (daily_budget_usd > 0),
    weekly_budget_usd NUMERIC(20, 6) CHECK (weekly_budget_usd > 0),
    monthly_budget_usd NUMERIC(20, 6) CHECK (monthly_budget_usd > 0),
    daily_budget_fraction NUMERIC(8, 6) CHECK (daily_budget_fraction > 0 AND daily_budget_fraction <= 1),
    weekly_budget_fraction NUMERIC(8, 6) CHECK (weekly_budget_fraction > 0 AND weekly_budget_fraction <= 1),
    monthly_budget_fraction NUMERIC(8, 6) CHECK (monthly_budget_fraction > 0 AND monthly_budget_fraction <= 1),
    max_position_usd NUMERIC(20, 6) CHECK (max_position_usd > 0),
    max_position_fraction NUMERIC(8, 6) CHECK (max_position_fraction > 0 AND max_position_fraction <= 1),
    max_total_exposure_usd NUMERIC(20, 6) CHECK (max_total_exposure_usd > 0),
    max_total_exposure_fraction NUMERIC(8, 6)
    CHECK (max_total_exposure_fraction > 0 AND max_total_exposure_fraction <= 1),
    max_concurrent_positions INTEGER CHECK (max_concurrent_positions > 0),
    updated_at TIMESTAMPTZ NOT NULL
);

-- A projection: rebuilt from ledger, fills and locks, never the source of a decision.
CREATE TABLE lt_risk_state (
    lt_strategy_id UUID PRIMARY KEY REFERENCES lt_strategies (lt_strategy_id),
    equity_usd NUMERIC(20, 6) NOT NULL,
    peak_equity_usd NUMERIC(20, 6) NOT NULL,
    available_usd NUMERIC(20, 6) NOT NULL,
    reserved_usd NUMERIC(20, 6) NOT NULL,
    exposure_usd NUMERIC(20, 6) NOT NULL,
    open_positions INTEGER NOT NULL,
    daily_spent_usd NUMERIC(20, 6) NOT NULL,
    weekly_spent_usd NUMERIC(20, 6) NOT NULL,
    monthly_spent_usd NUMERIC(20, 6) NOT NULL,
    consecutive_losses INTEGER NOT NULL,
    computed_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE locks (
    lock_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope TEXT NOT NULL CHECK (scope IN ('GLOBAL', 'TRADING_WALLET', 'STRATEGY', 'TRADER', 'MARKET', 'EVENT')),
    scope_id TEXT,
    reason TEXT NOT NULL CHECK (reason IN (
        'paused_by_user', 'kill_switch', 'circuit_breaker', 'drawdown', 'consecutive_losses',
        'break_found', 'wallet_mismatch', 'closed_only', 'geoblocked'
    )),
    detail TEXT NOT NULL DEFAULT '',
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ CHECK (ends_at > starts_at),
    created_by TEXT NOT NULL,
    released_at TIMESTAMPTZ CHECK (released_at >= starts_at),
    released_by TEXT,
    CHECK ((scope = 'GLOBAL') = (scope_id IS NULL)),
    CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE INDEX locks_in_force ON locks (scope, scope_id) WHERE released_at IS NULL;
-- One open lock a reason and scope: tripping twice changes nothing.
CREATE UNIQUE INDEX locks_one_open ON locks (scope, coalesce(scope_id, ''), reason) WHERE released_at IS NULL;

CREATE TABLE decisions (
    decision_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_trade_id BIGINT NOT NULL REFERENCES source_trades (source_trade_id),
    ft_wallet_id UUID NOT NULL REFERENCES ft_wallets (ft_wallet_id),
    lt_strategy_id UUID REFERENCES lt_strategies (lt_strategy_id),
    config_version INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('ACCEPTED', 'REJECTED')),
    reason TEXT NOT NULL,
    checks JSONB NOT NULL,
    risk_checks JSONB NOT NULL DEFAULT '[]',
    stake_usd NUMERIC(20, 6) NOT NULL CHECK (stake_usd >= 0),
    probability NUMERIC(10, 8),
    cost_per_share NUMERIC(10, 8),
    edge NUMERIC(10, 8),
    conviction NUMERIC(20, 8),
    inputs JSONB NOT NULL,
    inputs_hash TEXT NOT NULL CHECK (inputs_hash ~ '^[0-9a-f]{64}$'),
    decided_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (ft_wallet_id, config_version) REFERENCES ft_wallet_versions (ft_wallet_id, version),
    CHECK ((verdict = 'ACCEPTED') = (reason = 'accepted'))
);
-- Exactly one decision for each wallet, and for each strategy, on each source trade.
CREATE UNIQUE INDEX decisions_one_per_ft_wallet ON decisions (ft_wallet_id, source_trade_id)
WHERE lt_strategy_id IS NULL;
CREATE UNIQUE INDEX decisions_one_per_lt_strategy ON decisions (lt_strategy_id, source_trade_id)
WHERE lt_strategy_id IS NOT NULL;
