-- A trading wallet trades only once the key in its secret has been proved to be its key.
-- What was registered before there was a proof trades already; what code without a proof registers from now on waits.
-- An address is taken by whoever has proved it, so that nobody can keep another from registering his own.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid

ALTER TABLE trading_wallets
    ADD COLUMN verification TEXT NOT NULL DEFAULT 'VERIFIED',
    ADD COLUMN verified_at TIMESTAMPTZ,
    ADD COLUMN verification_signature TEXT,
    ADD COLUMN verification_error TEXT,
    ADD COLUMN verification_tried_at TIMESTAMPTZ;
ALTER TABLE trading_wallets ALTER COLUMN verification SET DEFAULT 'PENDING';
ALTER TABLE trading_wallets ADD CONSTRAINT trading_wallets_verification_check
CHECK (verification IN ('PENDING', 'VERIFIED')) NOT VALID;
ALTER TABLE trading_wallets VALIDATE CONSTRAINT trading_wallets_verification_check;

ALTER TABLE trading_wallets DROP CONSTRAINT trading_wallets_address_key;
CREATE UNIQUE INDEX trading_wallets_one_verified ON trading_wallets (address) WHERE verification = 'VERIFIED';
CREATE UNIQUE INDEX trading_wallets_address_of_owner ON trading_wallets (owner_id, address);
