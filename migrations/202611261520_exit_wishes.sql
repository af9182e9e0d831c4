-- What a person asked to get out of while a run held the trading wallet: taken up by that run at its next step.
-- The table is new and empty; the runner's one transaction rules out concurrent builds.
-- squawk-ignore-file require-concurrent-index-creation

CREATE TABLE exit_wishes (
    exit_wish_id UUID PRIMARY KEY,
    owner_id TEXT NOT NULL,
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    kind TEXT NOT NULL CHECK (kind IN ('CLOSE', 'CANCEL', 'FLATTEN')),
    lt_strategy_id UUID REFERENCES lt_strategies (lt_strategy_id),
    token_id TEXT,
    shares NUMERIC(20, 6) CHECK (shares > 0),
    slippage_bound_fraction NUMERIC(8, 6) CHECK (slippage_bound_fraction BETWEEN 0 AND 1),
    order_type TEXT NOT NULL CHECK (order_type IN ('FAK', 'FOK', 'GTC', 'GTD')),
    -- The order to cancel, or the sale that came of a CLOSE.
    lt_order_id UUID REFERENCES lt_orders (lt_order_id),
    state TEXT NOT NULL CHECK (state IN ('WAITING', 'DONE', 'REFUSED', 'EXPIRED')),
    result JSONB,
    asked_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    CHECK ((state = 'WAITING') = (finished_at IS NULL)),
    CHECK (kind <> 'CLOSE' OR (lt_strategy_id IS NOT NULL AND token_id IS NOT NULL)),
    CHECK (kind <> 'CLOSE' OR state <> 'DONE' OR lt_order_id IS NOT NULL)
);
CREATE INDEX exit_wishes_waiting ON exit_wishes (trading_wallet_id, asked_at) WHERE state = 'WAITING';
