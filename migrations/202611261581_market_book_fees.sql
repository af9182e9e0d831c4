-- The fee schedule by the order book's own word; without a rate where the book does not have the market.

CREATE TABLE market_book_fees (
    condition_id TEXT PRIMARY KEY REFERENCES markets (condition_id),
    fee_rate NUMERIC(8, 6) CHECK (fee_rate >= 0),
    fee_exponent NUMERIC(8, 6) CHECK (fee_exponent >= 0),
    asked_at TIMESTAMPTZ NOT NULL,
    CHECK ((fee_rate IS NULL) = (fee_exponent IS NULL))
);
