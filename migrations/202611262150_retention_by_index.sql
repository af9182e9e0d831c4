-- What is removed is found by an index, and so is what refers to it. Those of references are hashes: no other statement
-- takes them for an order of the trades.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY decisions_by_trade ON decisions USING hash (source_trade_id);
CREATE INDEX CONCURRENTLY ft_orders_by_trade ON ft_orders USING hash (source_trade_id);
CREATE INDEX CONCURRENTLY lt_orders_by_trade ON lt_orders USING hash (source_trade_id) WHERE source_trade_id IS NOT NULL;
CREATE INDEX CONCURRENTLY lt_orders_by_decision ON lt_orders USING hash (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX CONCURRENTLY lt_gaps_by_trade ON lt_gaps USING hash (source_trade_id);
CREATE INDEX CONCURRENTLY idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX CONCURRENTLY quarantined_rows_by_last_seen ON quarantined_rows (last_seen_at);
