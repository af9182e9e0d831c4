-- A wallet on which another installation trades opens nothing.
-- The table of locks holds a row a lock, and is validated at once.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid

ALTER TABLE locks DROP CONSTRAINT locks_reason_check;
ALTER TABLE locks ADD CONSTRAINT locks_reason_check CHECK (reason IN (
    'paused_by_user', 'locked_by_user', 'kill_switch', 'circuit_breaker', 'drawdown', 'consecutive_losses',
    'break_found', 'wallet_mismatch', 'closed_only', 'geoblocked', 'wallet_claimed'
)) NOT VALID;
ALTER TABLE locks VALIDATE CONSTRAINT locks_reason_check;
