-- Which trades a subject has still to decide is told by their numbers alone.

-- Numbers become visible in their order, whoever stores trades: who comes second waits for the first one's commit. So
-- nothing can turn up behind a number that somebody has come past.
CREATE FUNCTION source_trades_take_turns() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('source_trades'));
    RETURN NULL;
END
$$;
CREATE TRIGGER source_trades_are_numbered_in_turn BEFORE INSERT ON source_trades
FOR EACH STATEMENT EXECUTE FUNCTION source_trades_take_turns();

-- Trades at or before the position that are left for a later run, so that they do not hold the position back.
ALTER TABLE cursors ADD COLUMN waiting BIGINT [] NOT NULL DEFAULT '{}';
