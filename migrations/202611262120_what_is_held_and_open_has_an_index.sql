-- What is held, open or was entered is found by whose it is and by token, market or redemption, however much was before.
-- squawk-ignore-file require-concurrent-index-creation

-- Entries and sales of a position, the open ones apart, and stops in a market.
CREATE INDEX lt_orders_by_position ON lt_orders (lt_strategy_id, token_id);
CREATE INDEX lt_orders_open_of_strategy ON lt_orders (lt_strategy_id, token_id) WHERE outcome = 'OPEN';
CREATE INDEX lt_orders_unfinished_of_strategy ON lt_orders (lt_strategy_id)
WHERE state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED');
CREATE INDEX lt_orders_by_rule ON lt_orders (lt_strategy_id, condition_id) WHERE exit_reason IS NOT NULL;
CREATE INDEX merge_legs_by_position ON merge_legs (lt_strategy_id, token_id);
CREATE INDEX ledger_entries_by_position ON ledger_entries (lt_strategy_id, token_id) WHERE account = 'POSITION_COST';

-- The same of paper.
CREATE INDEX ft_orders_by_position ON ft_orders (ft_wallet_id, token_id);
CREATE INDEX ft_orders_open_of_wallet ON ft_orders (ft_wallet_id, token_id) WHERE outcome = 'OPEN';
CREATE INDEX ft_orders_sold_lately ON ft_orders (ft_wallet_id, resolved_at) WHERE outcome = 'SOLD';
CREATE INDEX ft_exits_by_market ON ft_exits (ft_wallet_id, condition_id);
