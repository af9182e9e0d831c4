-- A page of a list is read from its newest row on.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY fills_by_strategy_and_time ON fills (lt_strategy_id, match_time);
CREATE INDEX CONCURRENTLY lt_redemptions_by_wallet_and_time ON lt_redemptions (trading_wallet_id, created_at, condition_id);
