-- How far below the mark at a lock's start flattening may sell, and those marks.
-- lt_risk_rules holds a row a strategy.
-- squawk-ignore-file adding-required-field

ALTER TABLE lt_risk_rules
ADD COLUMN flatten_floor_fraction NUMERIC(8, 6) CHECK (flatten_floor_fraction > 0 AND flatten_floor_fraction <= 1);

-- What a share would have brought when a lock began to flatten; what was not marked then, when it was first looked at.
CREATE TABLE flatten_marks (
    lock_id BIGINT NOT NULL REFERENCES locks (lock_id),
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    token_id TEXT NOT NULL,
    price NUMERIC(8, 6) NOT NULL CHECK (price > 0 AND price <= 1),
    taken_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lock_id, trading_wallet_id, token_id)
);
