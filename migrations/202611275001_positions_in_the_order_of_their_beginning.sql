-- Every position that ever was, in the order in which they began: a page of them is read by its number, and nothing that
-- happens to a position later moves it. Kept by the first booking of the position; the ledger stays the truth.
-- The table is new: its indexes are built while it is empty.
-- squawk-ignore-file require-concurrent-index-creation

-- begun_at: when the first booking was recorded. Whose it is never changes.
CREATE TABLE lt_positions (
    position_number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    owner_id TEXT NOT NULL,
    token_id TEXT NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    UNIQUE (lt_strategy_id, token_id)
);
CREATE INDEX lt_positions_of_owner ON lt_positions (owner_id, position_number);
CREATE INDEX lt_positions_of_strategy ON lt_positions (lt_strategy_id, position_number);

CREATE FUNCTION lt_positions_begin() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lt_positions (lt_strategy_id, trading_wallet_id, owner_id, token_id, begun_at)
    SELECT NEW.lt_strategy_id, NEW.trading_wallet_id, strategy.owner_id, NEW.token_id, NEW.touched_at
    FROM lt_strategies AS strategy WHERE strategy.lt_strategy_id = NEW.lt_strategy_id
    ON CONFLICT (lt_strategy_id, token_id) DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER lt_positions_begin AFTER INSERT ON ledger_holdings
FOR EACH ROW WHEN (NEW.account = 'POSITION_COST' AND NEW.lt_strategy_id IS NOT NULL)
EXECUTE FUNCTION lt_positions_begin();

-- Those that are missing, in the order of their first booking; the others keep their numbers.
CREATE FUNCTION lt_positions_rebuild() RETURNS VOID LANGUAGE sql AS $$
    INSERT INTO lt_positions (lt_strategy_id, trading_wallet_id, owner_id, token_id, begun_at)
    SELECT first.lt_strategy_id, first.trading_wallet_id, strategy.owner_id, first.token_id, first.begun_at
    FROM (
        SELECT
            entry.lt_strategy_id, entry.trading_wallet_id, entry.token_id, min(entry.ledger_transaction_id) AS place,
            min(booked.recorded_at) AS begun_at
        FROM ledger_entries AS entry INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
        WHERE entry.account = 'POSITION_COST' AND entry.lt_strategy_id IS NOT NULL AND entry.token_id IS NOT NULL
        GROUP BY entry.lt_strategy_id, entry.trading_wallet_id, entry.token_id
    ) AS first
    INNER JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = first.lt_strategy_id
    ORDER BY first.place, first.lt_strategy_id, first.token_id
    ON CONFLICT (lt_strategy_id, token_id) DO NOTHING;
$$;

SELECT lt_positions_rebuild();
