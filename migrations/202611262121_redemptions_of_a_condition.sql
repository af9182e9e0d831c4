-- What was owed of a condition before, and what was paid lately, is found without reading every redemption.
-- squawk-ignore-file require-concurrent-index-creation

CREATE INDEX lt_redemptions_by_condition ON lt_redemptions (condition_id, trading_wallet_id);
CREATE INDEX lt_redemptions_paid_lately ON lt_redemptions (trading_wallet_id, redeemed_at)
WHERE redeemed_at IS NOT NULL;
