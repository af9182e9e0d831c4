-- How many redemptions a wallet has had in a condition is asked for each condition that resolves.
-- squawk-ignore-file require-concurrent-index-creation

CREATE INDEX lt_redemptions_by_condition ON lt_redemptions (condition_id, trading_wallet_id);
