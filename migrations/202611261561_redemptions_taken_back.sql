-- REDEMPTION_REVERSAL: what a payment had booked whose transaction a reorganisation has taken off the chain.
-- The constraint that goes is replaced by a wider one.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid

ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_kind_check;
ALTER TABLE ledger_transactions ADD CONSTRAINT ledger_transactions_kind_check CHECK (kind IN (
    'DEPOSIT', 'ALLOCATION', 'RESERVATION', 'RELEASE', 'FILL', 'FILL_CORRECTION', 'SETTLEMENT', 'REVERSAL', 'RESOLUTION',
    'REDEMPTION', 'GAS', 'CORRECTION', 'INCOME', 'REDEMPTION_REVERSAL'
)) NOT VALID;
ALTER TABLE ledger_transactions VALIDATE CONSTRAINT ledger_transactions_kind_check;
