-- Source trades come from the Data API and from the chain's logs: whichever is first stores them, the other confirms.
-- squawk-ignore-file adding-field-with-default, constraint-missing-not-valid

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

-- The blocks that were looked at lately, as they were then.
CREATE TABLE chain_blocks (
    block_number BIGINT PRIMARY KEY CHECK (block_number >= 0),
    block_hash TEXT NOT NULL CHECK (block_hash ~ '^0x[0-9a-f]{64}$'),
    block_time TIMESTAMPTZ NOT NULL
);
