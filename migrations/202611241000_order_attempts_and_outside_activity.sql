-- Orders that are tried again, that rest for a bounded time, and what the wallet did outside of this system.
-- The runner's one transaction rules out concurrent builds; these tables hold one wallet's orders and stay small, and
-- every constraint that goes is replaced by a wider one or by a stricter index.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid
-- squawk-ignore-file adding-foreign-key-constraint

-- attempt: an entry whose first order the venue refused for its tick is planned and signed once more. At most one order
-- of a (strategy, source trade, purpose) is ever anything but refused.
-- sends: how often the bytes went out; last_refusal and not_before: why they are not at the venue, and from when on they
-- may go out again; expires_at: the order's own end; depth_usd: what the book offered within the limit.
ALTER TABLE lt_orders
ADD COLUMN attempt SMALLINT NOT NULL DEFAULT 1 CHECK (attempt BETWEEN 1 AND 2),
ADD COLUMN sends SMALLINT NOT NULL DEFAULT 0 CHECK (sends >= 0),
ADD COLUMN not_before TIMESTAMPTZ,
ADD COLUMN expires_at TIMESTAMPTZ,
ADD COLUMN cancel_asked_at TIMESTAMPTZ,
ADD COLUMN depth_usd NUMERIC(20, 6) CHECK (depth_usd >= 0),
ADD COLUMN last_refusal_code TEXT,
ADD COLUMN last_refusal_text TEXT;

ALTER TABLE lt_orders DROP CONSTRAINT lt_orders_lt_strategy_id_source_trade_id_purpose_key;
CREATE UNIQUE INDEX lt_orders_one_an_attempt ON lt_orders (lt_strategy_id, source_trade_id, purpose, attempt);
CREATE UNIQUE INDEX lt_orders_one_that_counts ON lt_orders (lt_strategy_id, source_trade_id, purpose)
WHERE state <> 'REJECTED';

-- Trades of a trading wallet that no intent of ours made: somebody trades beside us.
CREATE TABLE external_fills (
    external_fill_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue_trade_id TEXT NOT NULL,
    order_hash TEXT NOT NULL CHECK (order_hash ~ '^0x[0-9a-f]{64}$'),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    condition_id TEXT NOT NULL,
    token_id TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
    shares NUMERIC(20, 6) NOT NULL CHECK (shares > 0),
    price NUMERIC(8, 6) NOT NULL CHECK (price BETWEEN 0 AND 1),
    cost_usd NUMERIC(20, 6) NOT NULL CHECK (cost_usd >= 0),
    fee_usd NUMERIC(20, 6) NOT NULL CHECK (fee_usd >= 0),
    role TEXT NOT NULL CHECK (role IN ('TAKER', 'MAKER')),
    status TEXT NOT NULL CHECK (status IN ('MATCHED', 'MINED', 'RETRYING', 'CONFIRMED', 'FAILED')),
    transaction_hash TEXT,
    match_time TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    UNIQUE (venue_trade_id, order_hash)
);
CREATE INDEX external_fills_unsettled ON external_fills (trading_wallet_id)
WHERE status NOT IN ('CONFIRMED', 'FAILED');
CREATE INDEX fills_unsettled ON fills (trading_wallet_id) WHERE status NOT IN ('CONFIRMED', 'FAILED');

-- EXTERNAL: what trades outside of this system have put into tokens, by wallet and token, at cost with fees.
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_account_check;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_check1;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_check2;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_account_check CHECK (account IN (
    'UNALLOCATED', 'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'FEES',
    'REALISED_PNL', 'TRANSFERS', 'GAS', 'EXTERNAL'
)) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_account_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_token_check CHECK (
    account NOT IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL') OR token_id IS NOT NULL
) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_token_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_strategy_check CHECK (
    account IN ('UNALLOCATED', 'TRANSFERS', 'GAS', 'EXTERNAL') OR lt_strategy_id IS NOT NULL
) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_strategy_check;

-- A difference that an entry of the ledger has explained is closed with that entry's source.
ALTER TABLE breaks
ADD COLUMN correction_reference TEXT REFERENCES ledger_transactions (source_reference),
ADD COLUMN closed_by TEXT;
ALTER TABLE breaks DROP CONSTRAINT breaks_kind_check;
ALTER TABLE breaks ADD CONSTRAINT breaks_kind_check CHECK (kind IN (
    'COLLATERAL', 'TOKEN_BALANCE', 'UNKNOWN_ORDER', 'UNKNOWN_TRADE', 'ALLOWANCE', 'UNREADABLE_ANSWER'
)) NOT VALID;
ALTER TABLE breaks VALIDATE CONSTRAINT breaks_kind_check;
