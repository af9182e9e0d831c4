-- Transactions of trading wallets: each signed form committed before it is sent, whatever it is for.

CREATE TABLE chain_sends (
    chain_send_id UUID PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    channel TEXT NOT NULL CHECK (channel IN ('EOA', 'SAFE', 'PROXY', 'RELAYER')),
    state TEXT NOT NULL CHECK (state IN ('PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED', 'FAILED')),
    payer TEXT NOT NULL CHECK (payer ~ '^0x[0-9a-f]{40}$'),
    nonce BIGINT NOT NULL CHECK (nonce >= 0),
    wallet_nonce BIGINT CHECK (wallet_nonce >= 0),
    relayer_payload JSONB,
    relayer_transaction_id TEXT,
    transaction_hash TEXT CHECK (transaction_hash ~ '^0x[0-9a-f]{64}$'),
    block_number BIGINT,
    gas_used BIGINT,
    gas_price_wei NUMERIC(78, 0),
    last_error TEXT,
    prepared_at TIMESTAMPTZ NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    CHECK ((channel = 'RELAYER') = (relayer_payload IS NOT NULL)),
    CHECK (finished_at IS NULL OR state IN ('CONFIRMED', 'FAILED'))
);
-- One living transaction a nonce; the relayer counts nonces of its own.
CREATE UNIQUE INDEX chain_sends_one_a_nonce ON chain_sends (payer, nonce, (channel = 'RELAYER'))
WHERE state <> 'FAILED';
CREATE INDEX chain_sends_unfinished ON chain_sends (trading_wallet_id) WHERE finished_at IS NULL;

-- The signed forms of one transaction: the first, and each that outbid it on the same nonce.
CREATE TABLE chain_send_versions (
    transaction_hash TEXT PRIMARY KEY CHECK (transaction_hash ~ '^0x[0-9a-f]{64}$'),
    chain_send_id UUID NOT NULL REFERENCES chain_sends (chain_send_id),
    version INTEGER NOT NULL CHECK (version > 0),
    signed_transaction TEXT NOT NULL,
    max_fee_wei NUMERIC(78, 0) NOT NULL,
    priority_fee_wei NUMERIC(78, 0) NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (chain_send_id, version)
);
