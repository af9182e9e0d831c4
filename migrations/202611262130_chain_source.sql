-- Source trades come from the Data API and from the chain's logs: whichever is first stores them, the other confirms.
-- squawk-ignore-file adding-field-with-default, constraint-missing-not-valid, require-concurrent-index-creation

-- The block is the one that holds the trade now. A trade whose block was replaced by one without it is dropped: it is
-- not acted on any more, and comes back with the block that holds it again, or that fills the same order as much.
ALTER TABLE source_trades
ADD COLUMN source TEXT NOT NULL DEFAULT 'DATA_API' CHECK (source IN ('CHAIN', 'DATA_API')),
ADD COLUMN block_number BIGINT,
ADD COLUMN block_hash TEXT,
ADD COLUMN log_index INTEGER,
ADD COLUMN order_hash TEXT,
ADD COLUMN listed_at TIMESTAMPTZ,
ADD COLUMN dropped_at TIMESTAMPTZ;

CREATE INDEX source_trades_by_block ON source_trades (block_number) WHERE block_number IS NOT NULL;
CREATE INDEX source_trades_not_listed ON source_trades (trade_time) WHERE source = 'CHAIN' AND listed_at IS NULL;
CREATE INDEX source_trades_not_mined ON source_trades (trade_time) WHERE source = 'DATA_API' AND block_number IS NULL;
CREATE INDEX source_trades_dropped ON source_trades (order_hash) WHERE dropped_at IS NOT NULL;

-- A token's market is asked for before its trade is stored.
CREATE INDEX markets_by_token ON markets USING gin (token_ids);

-- The blocks that were looked at lately, as they were then.
CREATE TABLE chain_blocks (
    block_number BIGINT PRIMARY KEY CHECK (block_number >= 0),
    block_hash TEXT NOT NULL CHECK (block_hash ~ '^0x[0-9a-f]{64}$'),
    block_time TIMESTAMPTZ NOT NULL
);
