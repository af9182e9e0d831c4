-- Fills and redemptions that were booked since somebody was last told of such.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY fills_by_confirmation ON fills (confirmed_at) WHERE confirmed_at IS NOT NULL;
CREATE INDEX CONCURRENTLY lt_redemptions_by_payment ON lt_redemptions (redeemed_at) WHERE redeemed_at IS NOT NULL;
