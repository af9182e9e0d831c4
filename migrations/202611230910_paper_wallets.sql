-- FT wallets: paper strategies with versioned configuration, their paper orders and fills.

CREATE TABLE ft_wallets (
    ft_wallet_id UUID PRIMARY KEY,
    owner_id TEXT NOT NULL CHECK (owner_id <> ''),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    is_active BOOLEAN NOT NULL,
    starting_balance_usd NUMERIC(20, 6) NOT NULL CHECK (starting_balance_usd > 0),
    current_version INTEGER NOT NULL CHECK (current_version > 0),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (owner_id, name)
);

CREATE TABLE ft_wallet_versions (
    ft_wallet_id UUID NOT NULL REFERENCES ft_wallets (ft_wallet_id),
    version INTEGER NOT NULL CHECK (version > 0),
    config JSONB NOT NULL,
    config_hash TEXT NOT NULL CHECK (config_hash ~ '^[0-9a-f]{64}$'),
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (ft_wallet_id, version)
);

ALTER TABLE ft_wallets ADD CONSTRAINT ft_wallets_current_version_exists
FOREIGN KEY (ft_wallet_id, current_version)
REFERENCES ft_wallet_versions (ft_wallet_id, version) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE ft_orders (
    ft_order_id UUID PRIMARY KEY,
    ft_wallet_id UUID NOT NULL REFERENCES ft_wallets (ft_wallet_id),
    config_version INTEGER NOT NULL,
    source_trade_id BIGINT NOT NULL REFERENCES source_trades (source_trade_id),
    token_id TEXT NOT NULL,
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    outcome_index INTEGER NOT NULL CHECK (outcome_index >= 0),
    signal_price NUMERIC(8, 6) NOT NULL CHECK (signal_price BETWEEN 0 AND 1),
    stake_usd NUMERIC(20, 6) NOT NULL CHECK (stake_usd > 0),
    fill_method TEXT NOT NULL CHECK (fill_method IN ('book', 'fixed_slippage')),
    fill_result TEXT NOT NULL CHECK (fill_result IN ('FULL', 'PARTIAL', 'NONE')),
    fill_price NUMERIC(8, 6) CHECK (fill_price BETWEEN 0 AND 1),
    shares NUMERIC(20, 6) NOT NULL CHECK (shares >= 0),
    cost_usd NUMERIC(20, 6) NOT NULL CHECK (cost_usd >= 0),
    fee_usd NUMERIC(20, 6) NOT NULL CHECK (fee_usd >= 0),
    book_hash TEXT,
    book_taken_at TIMESTAMPTZ,
    trade_time TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'OPEN'
    CHECK (outcome IN ('OPEN', 'NOT_FILLED', 'WON', 'LOST', 'SPLIT', 'SOLD')),
    pnl_usd NUMERIC(20, 6),
    resolved_at TIMESTAMPTZ,
    FOREIGN KEY (ft_wallet_id, config_version) REFERENCES ft_wallet_versions (ft_wallet_id, version),
    UNIQUE (ft_wallet_id, source_trade_id),
    CHECK ((shares = 0) = (fill_result = 'NONE')),
    CHECK ((outcome = 'NOT_FILLED') = (fill_result = 'NONE')),
    CHECK ((outcome = 'OPEN') = (resolved_at IS NULL)),
    CHECK ((outcome = 'OPEN') = (pnl_usd IS NULL))
);
CREATE INDEX ft_orders_open_by_condition ON ft_orders (condition_id) WHERE outcome = 'OPEN';
