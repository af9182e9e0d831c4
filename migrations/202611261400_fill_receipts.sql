-- What a trade moved is read from the receipt of its transaction; until then the amounts of a fill are expected ones.
-- The runner's one transaction validates at once and rules out concurrent builds; the constraints that go are replaced
-- by wider ones.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid

-- expected_*: what was booked before the receipt was read; shares, cost_usd, fee_usd and price are what it told since.
-- venue_confirmed_at: since when the venue calls the trade confirmed while its receipt could not be read; the fill's own
-- status turns to CONFIRMED with the reading.
ALTER TABLE fills
ADD COLUMN expected_shares NUMERIC(20, 6),
ADD COLUMN expected_usd NUMERIC(20, 6),
ADD COLUMN expected_fee_usd NUMERIC(20, 6),
ADD COLUMN venue_confirmed_at TIMESTAMPTZ,
ADD COLUMN receipt_read_at TIMESTAMPTZ;
ALTER TABLE external_fills
ADD COLUMN expected_shares NUMERIC(20, 6),
ADD COLUMN expected_usd NUMERIC(20, 6),
ADD COLUMN expected_fee_usd NUMERIC(20, 6),
ADD COLUMN venue_confirmed_at TIMESTAMPTZ,
ADD COLUMN receipt_read_at TIMESTAMPTZ;

-- What of a wallet's latest trades has settled is asked each run, without reading its history.
CREATE INDEX fills_by_time ON fills (trading_wallet_id, match_time);
CREATE INDEX external_fills_by_time ON external_fills (trading_wallet_id, match_time);
CREATE INDEX external_fills_by_order ON external_fills (order_hash);

-- A part of a shared transaction may come to nothing.
ALTER TABLE fills DROP CONSTRAINT fills_shares_check;
ALTER TABLE fills ADD CONSTRAINT fills_shares_check CHECK (shares >= 0) NOT VALID;
ALTER TABLE fills VALIDATE CONSTRAINT fills_shares_check;
ALTER TABLE external_fills DROP CONSTRAINT external_fills_shares_check;
ALTER TABLE external_fills ADD CONSTRAINT external_fills_shares_check CHECK (shares >= 0) NOT VALID;
ALTER TABLE external_fills VALIDATE CONSTRAINT external_fills_shares_check;

-- FILL_CORRECTION: the difference between what a fill was expected to move and what its receipt tells.
ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_kind_check;
ALTER TABLE ledger_transactions ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'DEPOSIT', 'ALLOCATION', 'RESERVATION', 'RELEASE', 'FILL', 'FILL_CORRECTION', 'SETTLEMENT', 'REVERSAL', 'RESOLUTION',
    'REDEMPTION', 'GAS', 'CORRECTION'
)) NOT VALID;
ALTER TABLE ledger_transactions VALIDATE CONSTRAINT ledger_transactions_kind_check;
