-- What a person booked to a strategy that no order of it explains: tokens that were found, tokens that left elsewhere.
-- squawk-ignore-file require-concurrent-index-creation

-- shares: positive where they were adopted, negative where they left. usd: their stated cost, or what they brought.
-- counted_at: when it went into the outcome of the position.
CREATE TABLE position_corrections (
    position_correction_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    token_id TEXT NOT NULL,
    shares NUMERIC(20, 6) NOT NULL CHECK (shares <> 0),
    usd NUMERIC(20, 6) NOT NULL CHECK (usd >= 0),
    source_reference TEXT NOT NULL REFERENCES ledger_transactions (source_reference),
    recorded_at TIMESTAMPTZ NOT NULL,
    counted_at TIMESTAMPTZ,
    UNIQUE (source_reference, lt_strategy_id, token_id)
);
CREATE INDEX position_corrections_by_position ON position_corrections (lt_strategy_id, token_id);
CREATE INDEX position_corrections_uncounted ON position_corrections (condition_id) WHERE counted_at IS NULL;

-- Transactions on the chain that took away what a break misses, as they were found when it opened.
ALTER TABLE breaks ADD COLUMN transfers TEXT [] NOT NULL DEFAULT '{}';

-- Each comparison asks which tokens the wallet's young orders and trades touched.
CREATE INDEX orders_seen_outside ON orders (trading_wallet_id, last_seen_at) WHERE origin = 'EXTERNAL';
CREATE INDEX external_fills_by_wallet ON external_fills (trading_wallet_id, match_time);
