-- Who is followed, what they did, and the markets they did it in.
-- Money and shares NUMERIC(20,6), prices NUMERIC(8,6), times timestamptz in UTC.

CREATE TABLE traders (
    trader_address TEXT PRIMARY KEY CHECK (trader_address ~ '^0x[0-9a-f]{40}$'),
    is_followed BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE trader_stats (
    trader_address TEXT NOT NULL REFERENCES traders (trader_address),
    as_of TIMESTAMPTZ NOT NULL,
    d30_resolved_count INTEGER NOT NULL CHECK (d30_resolved_count >= 0),
    d30_won_count INTEGER NOT NULL CHECK (d30_won_count BETWEEN 0 AND d30_resolved_count),
    d30_average_trade_usd NUMERIC(20, 6) CHECK (d30_average_trade_usd > 0),
    lifetime_resolved_count INTEGER NOT NULL CHECK (lifetime_resolved_count >= 0),
    lifetime_won_count INTEGER NOT NULL CHECK (lifetime_won_count BETWEEN 0 AND lifetime_resolved_count),
    lifetime_average_trade_usd NUMERIC(20, 6) CHECK (lifetime_average_trade_usd > 0),
    PRIMARY KEY (trader_address, as_of)
);

CREATE TABLE markets (
    condition_id TEXT PRIMARY KEY CHECK (condition_id ~ '^0x[0-9a-f]{62,64}$'),
    version TEXT NOT NULL CHECK (version IN ('v1', 'v2', 'unknown')),
    question TEXT NOT NULL,
    slug TEXT NOT NULL,
    category TEXT,
    tags TEXT [] NOT NULL DEFAULT '{}',
    event_id TEXT,
    outcomes TEXT [] NOT NULL,
    token_ids TEXT [] NOT NULL,
    is_open BOOLEAN NOT NULL,
    accepting_orders BOOLEAN NOT NULL,
    end_time TIMESTAMPTZ,
    game_start_time TIMESTAMPTZ,
    tick_size NUMERIC(8, 6) NOT NULL CHECK (tick_size > 0 AND tick_size < 1),
    minimum_order_shares NUMERIC(20, 6) NOT NULL CHECK (minimum_order_shares >= 0),
    fee_rate NUMERIC(8, 6) NOT NULL CHECK (fee_rate >= 0),
    fee_exponent NUMERIC(8, 6) NOT NULL CHECK (fee_exponent >= 0),
    neg_risk BOOLEAN NOT NULL,
    resolution_state TEXT NOT NULL DEFAULT 'OPEN'
    CHECK (resolution_state IN ('OPEN', 'ENDED', 'PROPOSED', 'DISPUTED', 'RESOLVED')),
    resolution_state_since TIMESTAMPTZ NOT NULL,
    payout_numerators NUMERIC(78, 0) [],
    payout_denominator NUMERIC(78, 0) CHECK (payout_denominator > 0),
    resolved_at TIMESTAMPTZ,
    refreshed_at TIMESTAMPTZ NOT NULL,
    CHECK ((resolution_state = 'RESOLVED') = (payout_denominator IS NOT NULL)),
    CHECK ((payout_numerators IS NULL) = (payout_denominator IS NULL)),
    CHECK (cardinality(outcomes) = cardinality(token_ids))
);

CREATE TABLE source_trades (
    source_trade_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_hash TEXT NOT NULL CHECK (transaction_hash ~ '^0x[0-9a-f]{64}$'),
    token_id TEXT NOT NULL CHECK (token_id ~ '^[0-9]{1,78}$'),
    trader_address TEXT NOT NULL REFERENCES traders (trader_address),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    price NUMERIC(8, 6) NOT NULL CHECK (price BETWEEN 0 AND 1),
    shares NUMERIC(20, 6) NOT NULL CHECK (shares > 0),
    occurrence INTEGER NOT NULL CHECK (occurrence >= 0),
    condition_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    outcome_index INTEGER NOT NULL CHECK (outcome_index >= 0),
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    trade_time TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    UNIQUE (transaction_hash, token_id, trader_address, side, price, shares, occurrence)
);
CREATE INDEX source_trades_by_trader_and_time ON source_trades (trader_address, trade_time);
CREATE INDEX source_trades_by_condition ON source_trades (condition_id);

-- Rows of a feed that could not be read, kept with their raw text; the rest of the feed goes on.
CREATE TABLE quarantined_rows (
    quarantined_row_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    raw_sha256 TEXT NOT NULL CHECK (raw_sha256 ~ '^[0-9a-f]{64}$'),
    times_seen INTEGER NOT NULL DEFAULT 1 CHECK (times_seen > 0),
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    UNIQUE (source, raw_sha256)
);
