-- A page of a list is read from its place on, however much lies before and after it.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY ft_wallets_in_pages ON ft_wallets (owner_id, made_number);
CREATE INDEX CONCURRENTLY trading_wallets_in_pages ON trading_wallets (owner_id, made_number);
CREATE INDEX CONCURRENTLY lt_strategies_in_pages ON lt_strategies (owner_id, made_number);
CREATE INDEX CONCURRENTLY traders_in_pages ON traders (created_at, trader_address) WHERE is_followed;
CREATE INDEX CONCURRENTLY lt_orders_in_pages ON lt_orders (lt_strategy_id, intent_at, made_number);
CREATE INDEX CONCURRENTLY lt_orders_in_pages_by_state ON lt_orders (lt_strategy_id, state, intent_at, made_number);
CREATE INDEX CONCURRENTLY lt_redemptions_in_pages ON lt_redemptions (trading_wallet_id, created_at, lt_redemption_id);
CREATE INDEX CONCURRENTLY lt_redemptions_in_pages_by_state
ON lt_redemptions (trading_wallet_id, state, created_at, lt_redemption_id);
CREATE INDEX CONCURRENTLY wallet_approvals_in_pages
ON wallet_approvals (trading_wallet_id, asked_at, wallet_approval_id);
CREATE INDEX CONCURRENTLY breaks_in_pages ON breaks (trading_wallet_id, break_id);
CREATE INDEX CONCURRENTLY breaks_open_in_pages ON breaks (trading_wallet_id, break_id) WHERE closed_at IS NULL;
CREATE INDEX CONCURRENTLY locks_in_pages ON locks (scope, scope_id, lock_id);
CREATE INDEX CONCURRENTLY locks_of_everybody_in_pages ON locks (lock_id)
WHERE scope IN ('GLOBAL', 'TRADER', 'MARKET', 'EVENT');
