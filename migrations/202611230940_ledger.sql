-- The ledger: append-only, double entry, every transaction sums to zero, every source booked once.

CREATE TABLE ledger_transactions (
    ledger_transaction_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_reference TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN (
        'DEPOSIT', 'ALLOCATION', 'RESERVATION', 'RELEASE', 'FILL', 'SETTLEMENT', 'REVERSAL', 'RESOLUTION',
        'REDEMPTION', 'GAS', 'CORRECTION'
    )),
    occurred_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL
);

-- amount_usd: debit positive, credit negative. shares: the token quantity that moves with a position entry.
CREATE TABLE ledger_entries (
    ledger_entry_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ledger_transaction_id BIGINT NOT NULL REFERENCES ledger_transactions (ledger_transaction_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    lt_strategy_id UUID REFERENCES lt_strategies (lt_strategy_id),
    account TEXT NOT NULL CHECK (account IN (
        'UNALLOCATED', 'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'FEES',
        'REALISED_PNL', 'TRANSFERS', 'GAS'
    )),
    token_id TEXT,
    amount_usd NUMERIC(20, 6) NOT NULL,
    shares NUMERIC(20, 6) NOT NULL DEFAULT 0,
    CHECK (amount_usd <> 0 OR shares <> 0),
    CHECK (account NOT IN ('POSITION_COST', 'PENDING_REDEMPTION') OR token_id IS NOT NULL),
    CHECK (account IN ('UNALLOCATED', 'TRANSFERS', 'GAS') OR lt_strategy_id IS NOT NULL)
);
CREATE INDEX ledger_entries_by_transaction ON ledger_entries (ledger_transaction_id);
CREATE INDEX ledger_entries_by_strategy ON ledger_entries (lt_strategy_id, account);
CREATE INDEX ledger_entries_by_wallet ON ledger_entries (trading_wallet_id, account);

CREATE FUNCTION ledger_transaction_balances() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    difference NUMERIC;
BEGIN
    SELECT sum(amount_usd) INTO difference FROM ledger_entries
    WHERE ledger_transaction_id = NEW.ledger_transaction_id;
    IF difference <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % is out of balance by %', NEW.ledger_transaction_id, difference
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_balances AFTER INSERT ON ledger_entries
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_balances();

CREATE FUNCTION ledger_is_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a correcting transaction', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_transactions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions
FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
