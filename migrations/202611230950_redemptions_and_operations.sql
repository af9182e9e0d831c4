-- Redemptions, leases, cursors, and what the operator looks at.

CREATE TABLE lt_redemptions (
    lt_redemption_id UUID PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    kind TEXT NOT NULL CHECK (kind IN ('STANDARD', 'NEG_RISK')),
    state TEXT NOT NULL CHECK (state IN (
        'DUE', 'PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED', 'BOOKED', 'NOTHING_TO_DO', 'REPLACED', 'FAILED',
        'NEEDS_OPERATOR'
    )),
    expected_usd NUMERIC(20, 6) NOT NULL CHECK (expected_usd >= 0),
    balance_before_usd NUMERIC(20, 6),
    redemption_amount_usd NUMERIC(20, 6),
    target TEXT,
    calldata TEXT,
    sender TEXT,
    nonce BIGINT CHECK (nonce >= 0),
    signed_transaction TEXT,
    transaction_hash TEXT UNIQUE,
    block_number BIGINT,
    gas_used BIGINT,
    gas_price_wei NUMERIC(78, 0),
    redemption_attempts INTEGER NOT NULL DEFAULT 0 CHECK (redemption_attempts >= 0),
    last_error TEXT,
    last_attempt_at TIMESTAMPTZ,
    next_attempt_at TIMESTAMPTZ,
    market_resolved_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    redeemed_at TIMESTAMPTZ,
    UNIQUE (trading_wallet_id, condition_id),
    CHECK (state NOT IN ('PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED', 'BOOKED')
        OR (signed_transaction IS NOT NULL AND transaction_hash IS NOT NULL AND nonce IS NOT NULL))
);
CREATE INDEX lt_redemptions_unfinished ON lt_redemptions (state) WHERE state NOT IN ('BOOKED', 'NOTHING_TO_DO');

-- One holder a name; the token only ever grows, and every write of a run carries the token that it holds.
CREATE TABLE leases (
    lease_name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fencing_token BIGINT NOT NULL CHECK (fencing_token > 0),
    acquired_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE cursors (
    cursor_name TEXT PRIMARY KEY,
    position TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE equity_snapshots (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    taken_at TIMESTAMPTZ NOT NULL,
    equity_usd NUMERIC(20, 6) NOT NULL,
    available_usd NUMERIC(20, 6) NOT NULL,
    reserved_usd NUMERIC(20, 6) NOT NULL,
    position_cost_usd NUMERIC(20, 6) NOT NULL,
    pending_redemption_usd NUMERIC(20, 6) NOT NULL,
    realised_pnl_usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (lt_strategy_id, taken_at)
);

-- A difference between ledger, venue and chain; amounts are observed minus expected.
CREATE TABLE breaks (
    break_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    kind TEXT NOT NULL CHECK (kind IN ('COLLATERAL', 'TOKEN_BALANCE', 'UNKNOWN_ORDER', 'UNKNOWN_TRADE')),
    subject TEXT NOT NULL,
    expected NUMERIC(20, 6) NOT NULL,
    observed NUMERIC(20, 6) NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX breaks_one_open ON breaks (trading_wallet_id, kind, subject) WHERE closed_at IS NULL;

CREATE TABLE lt_health_checks (
    lt_health_check_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_type TEXT NOT NULL,
    check_status TEXT NOT NULL CHECK (check_status IN ('HEALTHY', 'WARNING', 'CRITICAL')),
    details JSONB NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX lt_health_checks_by_time ON lt_health_checks (check_type, checked_at DESC);

CREATE TABLE lt_alerts (
    lt_alert_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_type TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'CRITICAL')),
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'ACKNOWLEDGED', 'RESOLVED')),
    notified_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX lt_alerts_one_active ON lt_alerts (alert_type, subject) WHERE status <> 'RESOLVED';

CREATE TABLE audit_log (
    audit_log_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    before_state JSONB,
    after_state JSONB,
    cause TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX audit_log_by_subject ON audit_log (subject_type, subject_id, at);

-- The first answer to a request that names itself; written in the same transaction as its effect.
CREATE TABLE idempotency_keys (
    owner_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    request_hash TEXT NOT NULL CHECK (request_hash ~ '^[0-9a-f]{64}$'),
    status_code INTEGER NOT NULL,
    body JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (owner_id, idempotency_key)
);
