-- Money that comes to a wallet unasked: what the venue pays, what nothing explains, and redemptions that wait.
-- Each constraint that goes is replaced by a wider one; a redemption's table has a row a redemption.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid
-- squawk-ignore-file adding-foreign-key-constraint

ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_kind_check;
ALTER TABLE ledger_transactions ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'DEPOSIT', 'ALLOCATION', 'RESERVATION', 'RELEASE', 'FILL', 'FILL_CORRECTION', 'SETTLEMENT', 'REVERSAL', 'RESOLUTION',
    'REDEMPTION', 'GAS', 'CORRECTION', 'INCOME'
)) NOT VALID;
ALTER TABLE ledger_transactions VALIDATE CONSTRAINT ledger_transactions_kind_check;

-- INCOME: what the venue pays a wallet. EXTERNAL without a token: dollars that nothing explains.
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_account_check;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_token_check;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_strategy_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_account_check CHECK (account IN (
    'UNALLOCATED', 'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'FEES',
    'REALISED_PNL', 'TRANSFERS', 'GAS', 'EXTERNAL', 'INCOME'
)) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_account_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_token_check CHECK (
    token_id IS NOT NULL
    OR account NOT IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL')
    OR (account = 'EXTERNAL' AND shares = 0)
) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_token_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_strategy_check CHECK (
    account IN ('UNALLOCATED', 'TRANSFERS', 'GAS', 'EXTERNAL', 'INCOME') OR lt_strategy_id IS NOT NULL
) NOT VALID;
ALTER TABLE ledger_entries VALIDATE CONSTRAINT ledger_entries_strategy_check;

-- What the last comparison of a wallet saw above the ledger; booked where the next one sees it too.
-- subject: 'collateral' or a token id.
CREATE TABLE surpluses (
    surplus_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    subject TEXT NOT NULL,
    amount NUMERIC(20, 6) NOT NULL CHECK (amount > 0),
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    UNIQUE (trading_wallet_id, subject)
);

-- The venue's payments to a wallet, as its activity lists them. amount_usd: what the row says; booked_usd: what the
-- chain proves of it; external_usd: the part that had been booked before as unexplained.
CREATE TABLE wallet_payments (
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    payment_key TEXT NOT NULL,
    income_type TEXT NOT NULL,
    amount_usd NUMERIC(20, 6) NOT NULL CHECK (amount_usd > 0),
    booked_usd NUMERIC(20, 6) NOT NULL CHECK (booked_usd >= 0),
    external_usd NUMERIC(20, 6) NOT NULL CHECK (external_usd BETWEEN 0 AND booked_usd),
    transaction_hash TEXT,
    paid_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (trading_wallet_id, payment_key)
);
CREATE INDEX wallet_payments_by_transaction ON wallet_payments (trading_wallet_id, transaction_hash);

-- Since when a redemption that is due has been put off by the venue: its adapter paused, the relayer's quota used up.
ALTER TABLE lt_redemptions ADD COLUMN waiting_since TIMESTAMPTZ;
