-- Redemptions by any sender, in any kind of contract, and merges of complementary holdings beside them.
-- Each dropped guarantee is replaced by a wider one below; the table has a row a redemption, so its indices are quick.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation

ALTER TABLE lt_redemptions
    ADD COLUMN action TEXT NOT NULL DEFAULT 'REDEEM',
    ADD COLUMN chain_send_id UUID,
    ADD COLUMN owed_usd NUMERIC(20, 6),
    ADD COLUMN merge_shares NUMERIC(20, 6),
    ADD COLUMN failure_code TEXT,
    ADD COLUMN settled_by TEXT,
    ADD COLUMN remark TEXT;

ALTER TABLE lt_redemptions
    DROP CONSTRAINT lt_redemptions_kind_check,
    DROP CONSTRAINT lt_redemptions_check,
    DROP CONSTRAINT lt_redemptions_transaction_hash_key,
    DROP CONSTRAINT lt_redemptions_trading_wallet_id_condition_id_key;

-- A transaction that was signed before this change goes on as a send of its wallet's own account.
INSERT INTO chain_sends (
    chain_send_id, trading_wallet_id, channel, state, payer, nonce, transaction_hash, block_number, gas_used,
    gas_price_wei, last_error, prepared_at, signed_at, finished_at
)
SELECT
    lt_redemption_id,
    trading_wallet_id,
    'EOA',
    CASE WHEN state IN ('BOOKED', 'CONFIRMED') THEN 'CONFIRMED' WHEN state = 'MINED' THEN 'MINED' ELSE state END,
    sender,
    nonce,
    transaction_hash,
    block_number,
    gas_used,
    gas_price_wei,
    last_error,
    coalesce(last_attempt_at, created_at),
    coalesce(last_attempt_at, created_at),
    CASE WHEN state = 'BOOKED' THEN redeemed_at END
FROM lt_redemptions
WHERE state IN ('PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED', 'BOOKED');

INSERT INTO chain_send_versions (
    transaction_hash, chain_send_id, version, signed_transaction, max_fee_wei, priority_fee_wei, signed_at
)
SELECT
    transaction_hash,
    lt_redemption_id,
    1,
    signed_transaction,
    0,
    0,
    coalesce(last_attempt_at, created_at)
FROM lt_redemptions
WHERE state IN ('PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED', 'BOOKED');

UPDATE lt_redemptions SET
    chain_send_id = CASE
        WHEN state IN ('PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED', 'BOOKED') THEN lt_redemption_id
    END,
    owed_usd = CASE WHEN signed_transaction IS NOT NULL THEN expected_usd END,
    settled_by = CASE state WHEN 'BOOKED' THEN 'OURSELVES' END;

ALTER TABLE lt_redemptions
    ADD CONSTRAINT lt_redemptions_kind_check
    CHECK (kind IN ('STANDARD', 'NEG_RISK', 'DIRECT', 'DIRECT_NEG_RISK', 'ROUTER_V2')) NOT VALID,
    ADD CONSTRAINT lt_redemptions_action_check
    CHECK (action IN ('REDEEM', 'MERGE') AND (action = 'MERGE') = (merge_shares IS NOT NULL)) NOT VALID,
    ADD CONSTRAINT lt_redemptions_settled_by_check
    CHECK (settled_by IN ('OURSELVES', 'SOMEONE_ELSE', 'OPERATOR')) NOT VALID,
    ADD CONSTRAINT lt_redemptions_failure_code_check
    CHECK (failure_code IS NULL OR state IN ('FAILED', 'NEEDS_OPERATOR')) NOT VALID,
    ADD CONSTRAINT lt_redemptions_send_check
    CHECK (
        state NOT IN ('PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED', 'BOOKED') OR chain_send_id IS NOT NULL
    ) NOT VALID,
    ADD CONSTRAINT lt_redemptions_chain_send_id_fkey
    FOREIGN KEY (chain_send_id) REFERENCES chain_sends (chain_send_id) NOT VALID;

CREATE UNIQUE INDEX lt_redemptions_one_a_condition ON lt_redemptions (trading_wallet_id, condition_id)
WHERE action = 'REDEEM';
CREATE UNIQUE INDEX lt_redemptions_one_merge_at_a_time ON lt_redemptions (trading_wallet_id, condition_id)
WHERE action = 'MERGE' AND state NOT IN ('BOOKED', 'NOTHING_TO_DO');
CREATE INDEX lt_redemptions_by_send ON lt_redemptions (chain_send_id);
