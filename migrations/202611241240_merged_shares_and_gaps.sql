-- What merges took from each position, and why live differs from paper.

-- One outcome's part of one strategy in a merge; it counts in the profit of the orders that bought it, once.
CREATE TABLE merge_legs (
    lt_redemption_id UUID NOT NULL REFERENCES lt_redemptions (lt_redemption_id),
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    token_id TEXT NOT NULL,
    shares NUMERIC(20, 6) NOT NULL CHECK (shares > 0),
    proceeds_usd NUMERIC(20, 6) NOT NULL CHECK (proceeds_usd >= 0),
    counted_at TIMESTAMPTZ,
    PRIMARY KEY (lt_redemption_id, lt_strategy_id, token_id)
);
CREATE INDEX merge_legs_uncounted ON merge_legs (condition_id) WHERE counted_at IS NULL;

-- Paper P&L minus live P&L of one source trade, in terms that add up to it exactly.
CREATE TABLE lt_gaps (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    ft_order_id UUID NOT NULL REFERENCES ft_orders (ft_order_id),
    source_trade_id BIGINT NOT NULL REFERENCES source_trades (source_trade_id),
    condition_id TEXT NOT NULL REFERENCES markets (condition_id),
    ft_pnl_usd NUMERIC(20, 6) NOT NULL,
    lt_pnl_usd NUMERIC(20, 6) NOT NULL,
    timing_usd NUMERIC(20, 6) NOT NULL,
    spread_and_depth_usd NUMERIC(20, 6) NOT NULL,
    rounding_usd NUMERIC(20, 6) NOT NULL,
    fee_usd NUMERIC(20, 6) NOT NULL,
    partial_fill_usd NUMERIC(20, 6) NOT NULL,
    missed_usd NUMERIC(20, 6) NOT NULL,
    sizing_usd NUMERIC(20, 6) NOT NULL,
    settlement_failure_usd NUMERIC(20, 6) NOT NULL,
    exit_usd NUMERIC(20, 6) NOT NULL,
    why_missed TEXT,
    computed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lt_strategy_id, ft_order_id),
    CHECK (
        ft_pnl_usd - lt_pnl_usd = timing_usd + spread_and_depth_usd + rounding_usd + fee_usd + partial_fill_usd
        + missed_usd + sizing_usd + settlement_failure_usd + exit_usd
    )
);
CREATE INDEX lt_gaps_by_condition ON lt_gaps (condition_id);
