-- A page of decisions, of source trades and of paper orders is read from its newest row on, whatever it is asked for by.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY decisions_by_subject_and_reason
ON decisions (coalesce(lt_strategy_id, ft_wallet_id), reason, decided_at DESC, decision_id DESC);
CREATE INDEX CONCURRENTLY source_trades_by_time ON source_trades (trade_time, source_trade_id);
CREATE INDEX CONCURRENTLY source_trades_by_condition_and_time ON source_trades (condition_id, trade_time);
CREATE INDEX CONCURRENTLY ft_orders_by_outcome
ON ft_orders (ft_wallet_id, outcome, decided_at DESC, source_trade_id DESC);
