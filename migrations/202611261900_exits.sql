-- Leaving positions before their market resolves, on paper and live.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, adding-field-with-default

-- What is remembered of a position between two looks; of an FT wallet's, or of an LT strategy's.
CREATE TABLE exit_watches (
    ft_wallet_id UUID REFERENCES ft_wallets (ft_wallet_id),
    lt_strategy_id UUID REFERENCES lt_strategies (lt_strategy_id),
    subject_id UUID GENERATED ALWAYS AS (coalesce(ft_wallet_id, lt_strategy_id)) STORED,
    token_id TEXT NOT NULL,
    best_price NUMERIC(8, 6) CHECK (best_price BETWEEN 0 AND 1),
    trigger_reason TEXT,
    trigger_since TIMESTAMPTZ,
    observations INTEGER NOT NULL DEFAULT 0 CHECK (observations >= 0),
    first_seen_price NUMERIC(8, 6) CHECK (first_seen_price BETWEEN 0 AND 1),
    placed_for TEXT,
    placed_from NUMERIC(8, 6) CHECK (placed_from BETWEEN 0 AND 1),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    hold_reason TEXT,
    executable_price NUMERIC(8, 6) CHECK (executable_price BETWEEN 0 AND 1),
    waiting_since TIMESTAMPTZ,
    looked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subject_id, token_id),
    CHECK ((ft_wallet_id IS NULL) <> (lt_strategy_id IS NULL)),
    CHECK ((trigger_reason IS NULL) = (trigger_since IS NULL))
);

-- Which rule an exit was placed for; NULL where a person or a lock wanted it.
ALTER TABLE lt_orders ADD COLUMN exit_reason TEXT CHECK (exit_reason IN (
    'stop_loss', 'trailing_stop', 'take_profit', 'market_ends', 'time_stop', 'trader_sold'
));

-- A paper sale, filled on the real book as it stood.
CREATE TABLE ft_exits (
    ft_exit_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ft_wallet_id UUID NOT NULL REFERENCES ft_wallets (ft_wallet_id),
    token_id TEXT NOT NULL,
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    exit_reason TEXT NOT NULL CHECK (exit_reason IN (
        'stop_loss', 'trailing_stop', 'take_profit', 'market_ends', 'time_stop', 'trader_sold'
    )),
    shares NUMERIC(20, 6) NOT NULL CHECK (shares > 0),
    proceeds_usd NUMERIC(20, 6) NOT NULL CHECK (proceeds_usd >= 0),
    fee_usd NUMERIC(20, 6) NOT NULL CHECK (fee_usd >= 0),
    limit_price NUMERIC(8, 6) NOT NULL CHECK (limit_price BETWEEN 0 AND 1),
    book_hash TEXT NOT NULL,
    book_taken_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX ft_exits_by_position ON ft_exits (ft_wallet_id, token_id);

-- What has left of a paper order, the oldest order of a token first.
ALTER TABLE ft_orders ADD COLUMN exited_shares NUMERIC(20, 6) NOT NULL DEFAULT 0;
ALTER TABLE ft_orders ADD COLUMN exit_proceeds_usd NUMERIC(20, 6) NOT NULL DEFAULT 0;
ALTER TABLE ft_orders ADD COLUMN exit_fee_usd NUMERIC(20, 6) NOT NULL DEFAULT 0;
ALTER TABLE ft_orders ADD CONSTRAINT ft_orders_exits_fit CHECK (
    exited_shares BETWEEN 0 AND shares AND exit_proceeds_usd >= 0 AND exit_fee_usd >= 0
);

-- A trader's sale that is followed is no entry and no rejection.
ALTER TABLE decisions DROP CONSTRAINT decisions_verdict_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_verdict_check CHECK (verdict IN ('ACCEPTED', 'REJECTED', 'EXIT'));
