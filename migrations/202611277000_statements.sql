-- What a statement and a day's result need without reading what was before: sums of the ledger by blocks of its numbers,
-- and the fees of a period.
-- The table is new and is filled once while posters wait; the column has a constant default.
-- squawk-ignore-file adding-field-with-default

-- amount_usd: what the transactions numbered block * size up to (block + 1) * size - 1 put into an account of a book. A
-- book is a strategy's or, with all that was posted in it, a trading wallet's.
CREATE TABLE ledger_blocks (
    book_id UUID NOT NULL,
    size BIGINT NOT NULL CHECK (size IN (1000, 100000)),
    block BIGINT NOT NULL CHECK (block >= 0),
    account TEXT NOT NULL,
    amount_usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (book_id, size, block, account)
);

-- It fires behind ledger_keep_balances, which has the rows of the wallets locked.
CREATE FUNCTION ledger_keep_blocks() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_blocks AS kept (book_id, size, block, account, amount_usd)
    SELECT book.id, width.size, entry.ledger_transaction_id / width.size, entry.account, sum(entry.amount_usd)
    FROM posted AS entry
    CROSS JOIN unnest(ARRAY[1000, 100000]::bigint[]) AS width (size)
    CROSS JOIN unnest(ARRAY[entry.trading_wallet_id, entry.lt_strategy_id]) AS book (id)
    WHERE book.id IS NOT NULL AND entry.amount_usd <> 0
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (book_id, size, block, account) DO UPDATE SET amount_usd = kept.amount_usd + excluded.amount_usd;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_blocks_rebuild() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ledger_blocks;
    INSERT INTO ledger_blocks (book_id, size, block, account, amount_usd)
    SELECT book.id, width.size, entry.ledger_transaction_id / width.size, entry.account, sum(entry.amount_usd)
    FROM ledger_entries AS entry
    CROSS JOIN unnest(ARRAY[1000, 100000]::bigint[]) AS width (size)
    CROSS JOIN unnest(ARRAY[entry.trading_wallet_id, entry.lt_strategy_id]) AS book (id)
    WHERE book.id IS NOT NULL AND entry.amount_usd <> 0
    GROUP BY 1, 2, 3, 4;
END $$;

CREATE TRIGGER ledger_keep_blocks AFTER INSERT ON ledger_entries
REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_blocks();

-- fees_usd: the part of lost_usd that was fees.
ALTER TABLE ledger_periods ADD COLUMN fees_usd NUMERIC(20, 6) NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION ledger_keep_balances() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM trading_wallets
    WHERE trading_wallet_id IN (SELECT trading_wallet_id FROM posted)
    ORDER BY trading_wallet_id FOR NO KEY UPDATE;

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

    INSERT INTO ledger_periods AS kept (lt_strategy_id, span, starts_at, held_usd, lost_usd, fees_usd)
    SELECT
        entry.lt_strategy_id, bucket.span, period_of(bucket.span, booked.occurred_at),
        coalesce(sum(entry.amount_usd) FILTER (
            WHERE booked.kind <> 'ALLOCATION' AND entry.account NOT IN ('REALISED_PNL', 'FEES')
        ), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account IN ('REALISED_PNL', 'FEES')), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account = 'FEES'), 0)
    FROM posted AS entry
    INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
    CROSS JOIN unnest(ARRAY['QUARTER', 'DAY']) AS bucket (span)
    WHERE
        entry.lt_strategy_id IS NOT NULL AND entry.account IN (
            'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'REALISED_PNL', 'FEES'
        )
    GROUP BY 1, 2, 3
    -- A reservation and its release only move money from one account of a strategy to another.
    HAVING
        coalesce(sum(entry.amount_usd) FILTER (
            WHERE booked.kind <> 'ALLOCATION' AND entry.account NOT IN ('REALISED_PNL', 'FEES')
        ), 0) <> 0
        OR coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account IN ('REALISED_PNL', 'FEES')), 0) <> 0
        OR coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account = 'FEES'), 0) <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (lt_strategy_id, span, starts_at)
    DO UPDATE SET
        held_usd = kept.held_usd + excluded.held_usd,
        lost_usd = kept.lost_usd + excluded.lost_usd,
        fees_usd = kept.fees_usd + excluded.fees_usd;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_periods_rebuild() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ledger_periods;
    INSERT INTO ledger_periods (lt_strategy_id, span, starts_at, held_usd, lost_usd, fees_usd)
    SELECT
        entry.lt_strategy_id, bucket.span, period_of(bucket.span, booked.occurred_at),
        coalesce(sum(entry.amount_usd) FILTER (
            WHERE booked.kind <> 'ALLOCATION' AND entry.account NOT IN ('REALISED_PNL', 'FEES')
        ), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account IN ('REALISED_PNL', 'FEES')), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account = 'FEES'), 0)
    FROM ledger_entries AS entry
    INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
    CROSS JOIN unnest(ARRAY['QUARTER', 'DAY']) AS bucket (span)
    WHERE
        entry.lt_strategy_id IS NOT NULL AND entry.account IN (
            'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'REALISED_PNL', 'FEES'
        )
    GROUP BY 1, 2, 3;
END $$;

CREATE OR REPLACE FUNCTION ledger_rebuild_kept() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE;
    PERFORM lt_positions_rebuild();
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
    PERFORM ledger_periods_rebuild();
    PERFORM ledger_blocks_rebuild();
END $$;

SELECT ledger_periods_rebuild();
SELECT ledger_blocks_rebuild();
