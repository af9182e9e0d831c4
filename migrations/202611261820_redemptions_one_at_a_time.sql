-- A trade that is listed after its market was redeemed is redeemed by itself.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX lt_redemptions_one_a_condition;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX lt_redemptions_one_at_a_time ON lt_redemptions (trading_wallet_id, condition_id)
WHERE action = 'REDEEM' AND state NOT IN ('BOOKED', 'NOTHING_TO_DO');
