-- What a replaced block held, what only one source has told of, and whose market a token is.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY source_trades_by_block ON source_trades (block_number) WHERE block_number IS NOT NULL;
CREATE INDEX CONCURRENTLY source_trades_dropped ON source_trades (order_hash) WHERE dropped_at IS NOT NULL;
CREATE INDEX CONCURRENTLY source_trades_not_listed ON source_trades (trade_time)
WHERE source = 'CHAIN' AND listed_at IS NULL;
CREATE INDEX CONCURRENTLY source_trades_not_mined ON source_trades (trade_time)
WHERE source = 'DATA_API' AND block_number IS NULL;
CREATE INDEX CONCURRENTLY markets_by_token ON markets USING gin (token_ids);
