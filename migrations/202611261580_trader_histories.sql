-- What is kept of each followed trader's history, so that a record is made from the store and no run reads all of it.

-- How far the reading has come. A pass reads one part after the other, page by page; `part` is NULL between passes.
CREATE TABLE trader_histories (
    trader_address TEXT PRIMARY KEY REFERENCES traders (trader_address),
    pass_number INTEGER NOT NULL CHECK (pass_number > 0),
    part TEXT CHECK (part IN ('TRADES', 'CLOSED', 'REDEEMABLE', 'REDEEMABLE_LOST', 'MERGEABLE', 'OPEN')),
    resume TEXT,
    page_digest TEXT,
    began_at TIMESTAMPTZ NOT NULL,
    -- What ended later is read in this pass; NULL for everything.
    reads_after TIMESTAMPTZ,
    complete_to TIMESTAMPTZ,
    whole_at TIMESTAMPTZ,
    has_undated_trades BOOLEAN NOT NULL,
    -- The newest hour for which the record would have been a guess, and why.
    refused_as_of TIMESTAMPTZ,
    refused_because TEXT,
    CHECK ((refused_as_of IS NULL) = (refused_because IS NULL))
);

-- Trades by the full hour at or after them.
CREATE TABLE trader_trade_hours (
    trader_address TEXT NOT NULL REFERENCES traders (trader_address),
    until TIMESTAMPTZ NOT NULL,
    trades INTEGER NOT NULL CHECK (trades > 0),
    unsized INTEGER NOT NULL CHECK (unsized BETWEEN 0 AND trades),
    usd NUMERIC(26, 6) NOT NULL CHECK (usd >= 0),
    PRIMARY KEY (trader_address, until)
);

-- Ended positions; those that are still held are listed anew in every pass.
CREATE TABLE trader_positions (
    trader_address TEXT NOT NULL REFERENCES traders (trader_address),
    is_held BOOLEAN NOT NULL,
    token_id TEXT NOT NULL,
    closed_at TIMESTAMPTZ,
    pnl_usd NUMERIC(20, 6),
    not_before TIMESTAMPTZ,
    pass_number INTEGER NOT NULL CHECK (pass_number > 0),
    PRIMARY KEY (trader_address, is_held, token_id)
);

-- Final results of conditions by the feed's word, by the id without padding; they date what traders hold.
CREATE TABLE feed_resolutions (
    condition_id TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
