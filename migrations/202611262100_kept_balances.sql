-- Balances and holdings as of every entry, kept by the statement that posts; the ledger stays the truth.
-- The tables are new, and the ledger is held against writers only while they are filled.
-- squawk-ignore-file require-concurrent-index-creation

-- amount_usd: the sum of the account's entries, debit positive. A row stays where it comes to nothing.
CREATE TABLE ledger_balances (
    trading_wallet_id UUID NOT NULL,
    lt_strategy_id UUID,
    account TEXT NOT NULL,
    amount_usd NUMERIC(20, 6) NOT NULL
);
CREATE UNIQUE INDEX ledger_balances_key
ON ledger_balances (trading_wallet_id, lt_strategy_id, account) NULLS NOT DISTINCT;
CREATE INDEX ledger_balances_by_strategy ON ledger_balances (lt_strategy_id, account);
CREATE INDEX ledger_balances_overdrawn ON ledger_balances (account)
WHERE amount_usd < 0 AND account IN ('CASH', 'RESERVED', 'UNALLOCATED');

-- Of the accounts that hold tokens: POSITION_COST, PENDING_REDEMPTION and EXTERNAL. touched_at: when its last entry
-- was recorded.
CREATE TABLE ledger_holdings (
    trading_wallet_id UUID NOT NULL,
    lt_strategy_id UUID,
    account TEXT NOT NULL,
    token_id TEXT NOT NULL,
    shares NUMERIC(20, 6) NOT NULL,
    amount_usd NUMERIC(20, 6) NOT NULL,
    touched_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX ledger_holdings_key
ON ledger_holdings (trading_wallet_id, lt_strategy_id, account, token_id) NULLS NOT DISTINCT;
CREATE INDEX ledger_holdings_by_wallet ON ledger_holdings (trading_wallet_id, account)
WHERE shares <> 0 OR amount_usd <> 0;
CREATE INDEX ledger_holdings_by_strategy ON ledger_holdings (lt_strategy_id, account)
WHERE shares <> 0 OR amount_usd <> 0;
CREATE INDEX ledger_holdings_by_token ON ledger_holdings (token_id, account)
WHERE shares <> 0 OR amount_usd <> 0;
CREATE INDEX ledger_holdings_by_touch ON ledger_holdings (trading_wallet_id, touched_at);

-- Rows are locked in the order of their keys, so that two statements that post to the same accounts wait for each other
-- and never in a circle.
CREATE FUNCTION ledger_keep_balances() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_balances AS kept (trading_wallet_id, lt_strategy_id, account, amount_usd)
    SELECT trading_wallet_id, lt_strategy_id, account, sum(amount_usd) FROM posted
    GROUP BY trading_wallet_id, lt_strategy_id, account
    ORDER BY trading_wallet_id, lt_strategy_id, account
    ON CONFLICT (trading_wallet_id, lt_strategy_id, account)
    DO UPDATE SET amount_usd = kept.amount_usd + excluded.amount_usd;

    INSERT INTO ledger_holdings AS kept (
        trading_wallet_id, lt_strategy_id, account, token_id, shares, amount_usd, touched_at
    )
    SELECT
        entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id, sum(entry.shares),
        sum(entry.amount_usd), max(booked.recorded_at)
    FROM posted AS entry INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
    WHERE entry.token_id IS NOT NULL AND entry.account IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL')
    GROUP BY entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id
    ORDER BY entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id
    ON CONFLICT (trading_wallet_id, lt_strategy_id, account, token_id)
    DO UPDATE SET
        shares = kept.shares + excluded.shares,
        amount_usd = kept.amount_usd + excluded.amount_usd,
        touched_at = greatest(kept.touched_at, excluded.touched_at);
    RETURN NULL;
END $$;

-- Makes both tables anew from the ledger. Posters wait until it commits; readers see the rows of before.
CREATE FUNCTION ledger_rebuild_kept() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ledger_balances;
    DELETE FROM ledger_holdings;
    INSERT INTO ledger_balances (trading_wallet_id, lt_strategy_id, account, amount_usd)
    SELECT trading_wallet_id, lt_strategy_id, account, sum(amount_usd) FROM ledger_entries
    GROUP BY trading_wallet_id, lt_strategy_id, account;
    INSERT INTO ledger_holdings (
        trading_wallet_id, lt_strategy_id, account, token_id, shares, amount_usd, touched_at
    )
    SELECT
        entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id, sum(entry.shares),
        sum(entry.amount_usd), max(booked.recorded_at)
    FROM ledger_entries AS entry INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
    WHERE entry.token_id IS NOT NULL AND entry.account IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL')
    GROUP BY entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id;
END $$;

CREATE TRIGGER ledger_keep_balances AFTER INSERT ON ledger_entries
REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances();
SELECT ledger_rebuild_kept();

-- A year of entries is not summed to see that one more of them leaves enough.
CREATE OR REPLACE FUNCTION ledger_accounts_stay_positive() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    held NUMERIC;
BEGIN
    IF NEW.account = 'CASH' AND NOT EXISTS (
        SELECT 1 FROM ledger_transactions
        WHERE ledger_transaction_id = NEW.ledger_transaction_id AND kind IN ('RESERVATION', 'ALLOCATION')
    ) THEN
        RETURN NULL;
    END IF;
    SELECT sum(amount_usd) INTO held FROM ledger_balances
    WHERE lt_strategy_id = NEW.lt_strategy_id AND account = NEW.account;
    IF held < 0 THEN
        RAISE EXCEPTION '% of strategy % would be %', NEW.account, NEW.lt_strategy_id, held
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- Dollars that came from nobody knows where are few, and are read by themselves.
CREATE INDEX ledger_entries_unexplained ON ledger_entries (trading_wallet_id)
WHERE account = 'EXTERNAL' AND token_id IS NULL;
