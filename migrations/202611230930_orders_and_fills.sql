-- Intents, what the venue says of them, and the fills that are ours.

CREATE TABLE lt_orders (
    lt_order_id UUID PRIMARY KEY,
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    decision_id BIGINT REFERENCES decisions (decision_id),
    source_trade_id BIGINT REFERENCES source_trades (source_trade_id),
    purpose TEXT NOT NULL CHECK (purpose IN ('ENTRY', 'EXIT', 'FLATTEN')),
    token_id TEXT NOT NULL,
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    outcome_index INTEGER NOT NULL CHECK (outcome_index >= 0),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    order_type TEXT NOT NULL CHECK (order_type IN ('FAK', 'FOK', 'GTC', 'GTD')),
    limit_price NUMERIC(8, 6) NOT NULL CHECK (limit_price > 0 AND limit_price < 1),
    order_usd NUMERIC(20, 6) NOT NULL CHECK (order_usd > 0),
    order_shares NUMERIC(20, 6) NOT NULL CHECK (order_shares > 0),
    fee_bound_usd NUMERIC(20, 6) NOT NULL CHECK (fee_bound_usd >= 0),
    reserved_usd NUMERIC(20, 6) NOT NULL CHECK (reserved_usd >= 0),
    signal_price NUMERIC(8, 6) CHECK (signal_price BETWEEN 0 AND 1),
    signal_size_usd NUMERIC(20, 6),
    signed_payload JSONB NOT NULL,
    order_hash TEXT NOT NULL UNIQUE CHECK (order_hash ~ '^0x[0-9a-f]{64}$'),
    state TEXT NOT NULL CHECK (state IN (
        'INTENT', 'SENT', 'UNKNOWN', 'LIVE', 'DELAYED', 'PARTIALLY_FILLED', 'FILLED', 'CANCELLED', 'EXPIRED',
        'REJECTED'
    )),
    rejection_code TEXT,
    rejection_text TEXT,
    absence_proofs INTEGER NOT NULL DEFAULT 0 CHECK (absence_proofs >= 0),
    last_looked_up_at TIMESTAMPTZ,
    best_bid NUMERIC(8, 6),
    best_ask NUMERIC(8, 6),
    midpoint NUMERIC(8, 6),
    book_hash TEXT,
    trade_time TIMESTAMPTZ,
    seen_at TIMESTAMPTZ,
    decided_at TIMESTAMPTZ NOT NULL,
    intent_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    outcome TEXT NOT NULL DEFAULT 'OPEN'
    CHECK (outcome IN ('OPEN', 'NOT_FILLED', 'WON', 'LOST', 'SPLIT', 'SOLD')),
    pnl_usd NUMERIC(20, 6),
    ft_order_id UUID REFERENCES ft_orders (ft_order_id),
    ft_pnl_usd NUMERIC(20, 6),
    resolved_at TIMESTAMPTZ,
    UNIQUE (lt_strategy_id, source_trade_id, purpose),
    CHECK ((state = 'REJECTED') = (rejection_code IS NOT NULL)),
    CHECK ((state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')) = (finished_at IS NOT NULL)),
    CHECK ((purpose = 'ENTRY') = (side = 'BUY'))
);
CREATE INDEX lt_orders_unfinished ON lt_orders (trading_wallet_id, state)
WHERE state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED');
CREATE INDEX lt_orders_by_condition ON lt_orders (condition_id) WHERE outcome = 'OPEN';

-- The venue's side of an order, ours or found at the venue without an intent of ours.
CREATE TABLE orders (
    order_hash TEXT PRIMARY KEY CHECK (order_hash ~ '^0x[0-9a-f]{64}$'),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    origin TEXT NOT NULL CHECK (origin IN ('INTENT', 'EXTERNAL')),
    lt_strategy_id UUID REFERENCES lt_strategies (lt_strategy_id),
    lt_order_id UUID UNIQUE REFERENCES lt_orders (lt_order_id),
    signal_price NUMERIC(8, 6),
    signal_size_usd NUMERIC(20, 6),
    condition_id TEXT NOT NULL,
    token_id TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    price NUMERIC(8, 6) NOT NULL CHECK (price BETWEEN 0 AND 1),
    venue_status TEXT NOT NULL,
    matched_shares NUMERIC(20, 6) NOT NULL CHECK (matched_shares >= 0),
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    CHECK ((origin = 'INTENT') = (lt_order_id IS NOT NULL))
);

CREATE TABLE fills (
    fill_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue_trade_id TEXT NOT NULL,
    order_hash TEXT NOT NULL REFERENCES lt_orders (order_hash),
    lt_order_id UUID NOT NULL REFERENCES lt_orders (lt_order_id),
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    token_id TEXT NOT NULL,
    outcome_index INTEGER NOT NULL CHECK (outcome_index >= 0),
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    shares NUMERIC(20, 6) NOT NULL CHECK (shares > 0),
    price NUMERIC(8, 6) NOT NULL CHECK (price BETWEEN 0 AND 1),
    cost_usd NUMERIC(20, 6) NOT NULL CHECK (cost_usd >= 0),
    fee_usd NUMERIC(20, 6) NOT NULL CHECK (fee_usd >= 0),
    role TEXT NOT NULL CHECK (role IN ('TAKER', 'MAKER')),
    status TEXT NOT NULL CHECK (status IN ('MATCHED', 'MINED', 'RETRYING', 'CONFIRMED', 'FAILED')),
    transaction_hash TEXT,
    match_time TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    recorded_at TIMESTAMPTZ NOT NULL,
    UNIQUE (venue_trade_id, order_hash),
    CHECK ((status = 'CONFIRMED') = (confirmed_at IS NOT NULL))
);
CREATE INDEX fills_by_order ON fills (lt_order_id);
CREATE INDEX fills_by_position ON fills (lt_strategy_id, token_id) WHERE status <> 'FAILED';

-- A position is the signed sum of fills of one (strategy, token); settled counts only what the chain has.
CREATE VIEW positions AS
SELECT
    lt_strategy_id,
    trading_wallet_id,
    condition_id,
    token_id,
    outcome_index,
    sum(CASE side WHEN 'BUY' THEN shares ELSE -shares END) AS shares,
    sum(
        CASE WHEN status <> 'CONFIRMED' THEN 0 WHEN side = 'BUY' THEN shares ELSE -shares END
    ) AS settled_shares,
    sum(CASE side WHEN 'BUY' THEN cost_usd ELSE 0 END) AS bought_usd,
    sum(CASE side WHEN 'SELL' THEN cost_usd ELSE 0 END) AS sold_usd,
    sum(fee_usd) AS fee_usd
FROM fills
WHERE status <> 'FAILED'
GROUP BY lt_strategy_id, trading_wallet_id, condition_id, token_id, outcome_index;
