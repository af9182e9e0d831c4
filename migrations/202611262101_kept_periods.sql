-- What moved in a period, kept by what moves it: every zone's day, week and month begins on a quarter of an hour, so a
-- period is the quarters up to the next UTC midnight and the whole UTC days from there on.
-- The tables are new, and what they are filled from is held against writers only meanwhile.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion

-- An index on the amount itself would have every posting write all indexes of the row anew.
DROP INDEX ledger_balances_overdrawn;
CREATE INDEX ledger_balances_by_account ON ledger_balances (account);
CREATE INDEX ledger_balances_by_wallet ON ledger_balances (trading_wallet_id, account);

-- What a wallet is asked on the chain for: losing outcomes stay in it for ever and are no part of that.
CREATE INDEX ledger_holdings_owed ON ledger_holdings (trading_wallet_id)
WHERE account = 'PENDING_REDEMPTION' AND amount_usd <> 0;
CREATE INDEX ledger_holdings_by_wallet_and_token ON ledger_holdings (trading_wallet_id, token_id);
CREATE INDEX markets_by_token ON markets USING gin (token_ids);

-- held_usd: what equity at cost gained, but for capital that was given or taken back. lost_usd: losses and fees less
-- profits. Both by when it occurred.
CREATE TABLE ledger_periods (
    lt_strategy_id UUID NOT NULL,
    span TEXT NOT NULL CHECK (span IN ('QUARTER', 'DAY')),
    starts_at TIMESTAMPTZ NOT NULL,
    held_usd NUMERIC(20, 6) NOT NULL,
    lost_usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (lt_strategy_id, span, starts_at)
);

-- spent_usd: what entries that began in it have cost, or may cost while they are open.
CREATE TABLE entry_spending (
    lt_strategy_id UUID NOT NULL,
    span TEXT NOT NULL CHECK (span IN ('QUARTER', 'DAY')),
    starts_at TIMESTAMPTZ NOT NULL,
    spent_usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (lt_strategy_id, span, starts_at)
);

CREATE FUNCTION period_of(span TEXT, moment TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE sql IMMUTABLE AS $$
SELECT date_bin(
    CASE span WHEN 'DAY' THEN INTERVAL '24 hours' ELSE INTERVAL '15 minutes' END, moment,
    TIMESTAMPTZ '2000-01-01 00:00:00+00'
)
$$;

-- The wallet's row is locked first, as everywhere: whoever posts to a wallet or changes what it has spent waits there
-- for whoever did so before, and nowhere else, so that no two of them wait for each other.
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

    INSERT INTO ledger_periods AS kept (lt_strategy_id, span, starts_at, held_usd, lost_usd)
    SELECT
        entry.lt_strategy_id, bucket.span, period_of(bucket.span, booked.occurred_at),
        coalesce(sum(entry.amount_usd) FILTER (
            WHERE booked.kind <> 'ALLOCATION' AND entry.account NOT IN ('REALISED_PNL', 'FEES')
        ), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account IN ('REALISED_PNL', 'FEES')), 0)
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
    ORDER BY 1, 2, 3
    ON CONFLICT (lt_strategy_id, span, starts_at)
    DO UPDATE SET held_usd = kept.held_usd + excluded.held_usd, lost_usd = kept.lost_usd + excluded.lost_usd;
    RETURN NULL;
END $$;

CREATE FUNCTION entry_spending_add(strategy UUID, wallet UUID, began TIMESTAMPTZ, usd NUMERIC)
RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF usd = 0 THEN
        RETURN;
    END IF;
    PERFORM 1 FROM trading_wallets WHERE trading_wallet_id = wallet FOR NO KEY UPDATE;
    INSERT INTO entry_spending AS kept (lt_strategy_id, span, starts_at, spent_usd)
    SELECT strategy, bucket.span, period_of(bucket.span, began), usd
    FROM unnest(ARRAY['DAY', 'QUARTER']) AS bucket (span)
    ON CONFLICT (lt_strategy_id, span, starts_at) DO UPDATE SET spent_usd = kept.spent_usd + excluded.spent_usd;
END $$;

CREATE FUNCTION lt_order_is_over(state TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE AS $$
SELECT state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
$$;

-- An open entry counts with what it reserves, one that is over with what it bought; a trade that comes after its end, or
-- is taken back, counts where the entry began.
CREATE FUNCTION entry_spending_of_order() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    bought NUMERIC;
    before NUMERIC := 0;
BEGIN
    SELECT coalesce(sum(cost_usd + fee_usd), 0) INTO bought FROM fills
    WHERE lt_order_id = NEW.lt_order_id AND status <> 'FAILED';
    IF TG_OP = 'UPDATE' THEN
        before := CASE WHEN lt_order_is_over(OLD.state) THEN bought ELSE OLD.reserved_usd END;
    END IF;
    PERFORM entry_spending_add(
        NEW.lt_strategy_id, NEW.trading_wallet_id, NEW.intent_at,
        CASE WHEN lt_order_is_over(NEW.state) THEN bought ELSE NEW.reserved_usd END - before
    );
    RETURN NULL;
END $$;
CREATE TRIGGER entry_spending_begun AFTER INSERT ON lt_orders FOR EACH ROW
WHEN (NEW.purpose = 'ENTRY') EXECUTE FUNCTION entry_spending_of_order();
CREATE TRIGGER entry_spending_ended AFTER UPDATE ON lt_orders FOR EACH ROW
WHEN (
    NEW.purpose = 'ENTRY' AND (
        lt_order_is_over(OLD.state) <> lt_order_is_over(NEW.state) OR OLD.reserved_usd <> NEW.reserved_usd
    )
)
EXECUTE FUNCTION entry_spending_of_order();

CREATE FUNCTION entry_spending_of_fill() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    gained NUMERIC := 0;
    intent RECORD;
BEGIN
    IF TG_OP <> 'DELETE' AND NEW.status <> 'FAILED' THEN
        gained := NEW.cost_usd + NEW.fee_usd;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status <> 'FAILED' THEN
        gained := gained - OLD.cost_usd - OLD.fee_usd;
    END IF;
    IF gained = 0 THEN
        RETURN NULL;
    END IF;
    SELECT lt_strategy_id, trading_wallet_id, intent_at, purpose, state INTO intent FROM lt_orders
    WHERE lt_order_id = coalesce(NEW.lt_order_id, OLD.lt_order_id) FOR NO KEY UPDATE;
    IF intent.purpose = 'ENTRY' AND lt_order_is_over(intent.state) THEN
        PERFORM entry_spending_add(intent.lt_strategy_id, intent.trading_wallet_id, intent.intent_at, gained);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_spending_of_fill AFTER INSERT OR UPDATE OR DELETE ON fills
FOR EACH ROW EXECUTE FUNCTION entry_spending_of_fill();

CREATE FUNCTION ledger_periods_rebuild() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ledger_periods;
    INSERT INTO ledger_periods (lt_strategy_id, span, starts_at, held_usd, lost_usd)
    SELECT
        entry.lt_strategy_id, bucket.span, period_of(bucket.span, booked.occurred_at),
        coalesce(sum(entry.amount_usd) FILTER (
            WHERE booked.kind <> 'ALLOCATION' AND entry.account NOT IN ('REALISED_PNL', 'FEES')
        ), 0),
        coalesce(sum(entry.amount_usd) FILTER (WHERE entry.account IN ('REALISED_PNL', 'FEES')), 0)
    FROM ledger_entries AS entry
    INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
    CROSS JOIN unnest(ARRAY['QUARTER', 'DAY']) AS bucket (span)
    WHERE
        entry.lt_strategy_id IS NOT NULL AND entry.account IN (
            'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'REALISED_PNL', 'FEES'
        )
    GROUP BY 1, 2, 3;
END $$;

-- Makes every kept sum of the ledger anew. Posters wait until it commits; readers see the rows of before.
CREATE OR REPLACE FUNCTION ledger_rebuild_kept() RETURNS VOID LANGUAGE plpgsql AS $$
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
    PERFORM ledger_periods_rebuild();
END $$;

CREATE FUNCTION entry_spending_rebuild() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE lt_orders, fills IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM entry_spending;
    INSERT INTO entry_spending (lt_strategy_id, span, starts_at, spent_usd)
    SELECT
        intent.lt_strategy_id, bucket.span, period_of(bucket.span, intent.intent_at),
        sum(CASE WHEN lt_order_is_over(intent.state) THEN coalesce(bought.usd, 0) ELSE intent.reserved_usd END)
    FROM lt_orders AS intent
    LEFT JOIN (
        SELECT lt_order_id, sum(cost_usd + fee_usd) AS usd FROM fills WHERE status <> 'FAILED' GROUP BY lt_order_id
    ) AS bought USING (lt_order_id)
    CROSS JOIN unnest(ARRAY['QUARTER', 'DAY']) AS bucket (span)
    WHERE intent.purpose = 'ENTRY'
    GROUP BY 1, 2, 3;
END $$;

SELECT ledger_periods_rebuild();
SELECT entry_spending_rebuild();
