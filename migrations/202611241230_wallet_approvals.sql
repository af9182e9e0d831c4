-- What an owner asked to be approved on the chain; nothing is approved without a row here.

CREATE TABLE wallet_approvals (
    wallet_approval_id UUID PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    token TEXT NOT NULL CHECK (token ~ '^0x[0-9a-f]{40}$'),
    spender TEXT NOT NULL CHECK (spender ~ '^0x[0-9a-f]{40}$'),
    kind TEXT NOT NULL CHECK (kind IN ('ALLOWANCE', 'OPERATOR')),
    -- USD that may be moved; NULL with ALLOWANCE is unlimited, and was asked for as such.
    amount_usd NUMERIC(20, 6) CHECK (amount_usd >= 0),
    is_unlimited BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'DUE', 'PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED', 'BOOKED', 'NOTHING_TO_DO', 'FAILED',
        'NEEDS_OPERATOR'
    )),
    chain_send_id UUID REFERENCES chain_sends (chain_send_id),
    reason TEXT NOT NULL,
    last_error TEXT,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    CHECK (kind <> 'OPERATOR' OR (amount_usd IS NULL AND is_unlimited)),
    CHECK (kind <> 'ALLOWANCE' OR is_unlimited = (amount_usd IS NULL))
);
CREATE UNIQUE INDEX wallet_approvals_one_at_a_time ON wallet_approvals (trading_wallet_id, token, spender)
WHERE state NOT IN ('BOOKED', 'NOTHING_TO_DO', 'FAILED', 'NEEDS_OPERATOR');
