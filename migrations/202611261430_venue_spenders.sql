-- Which contracts the venue says that it checks before it takes an order of a wallet: by its own list of allowances, and
-- by the text of a refusal. Only what an owner asks for is ever approved.

CREATE TABLE venue_spenders (
    trading_wallet_id UUID NOT NULL REFERENCES trading_wallets (trading_wallet_id),
    asset_type TEXT NOT NULL CHECK (asset_type IN ('COLLATERAL', 'CONDITIONAL', 'CONDITIONAL-V2')),
    spender TEXT NOT NULL CHECK (spender ~ '^0x[0-9a-f]{40}$'),
    -- What the venue believes that the spender may take, in base units; NULL where only a refusal named it.
    venue_allowance NUMERIC(78, 0) CHECK (venue_allowance >= 0),
    listed_at TIMESTAMPTZ,
    refused_at TIMESTAMPTZ,
    PRIMARY KEY (trading_wallet_id, asset_type, spender),
    CHECK (listed_at IS NOT NULL OR refused_at IS NOT NULL),
    CHECK ((listed_at IS NULL) = (venue_allowance IS NULL))
);
