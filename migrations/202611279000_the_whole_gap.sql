-- Every dollar between paper and live: a row a source trade, open ones too, and one for what no trade explains. What the
-- rows come to is kept by day and in all, by the statement that writes them. `lt_gaps` is written no more from here on.
-- squawk-ignore-file require-concurrent-index-creation

CREATE TABLE gap_trades (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    gap_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('PAIRED', 'PAPER_ONLY', 'LIVE_ONLY', 'BEFORE_LAUNCH', 'REST')),
    source_trade_id BIGINT REFERENCES source_trades (source_trade_id),
    condition_id TEXT REFERENCES markets (condition_id),
    is_final BOOLEAN NOT NULL,
    leader_usd NUMERIC(20, 6) NOT NULL,
    paper_usd NUMERIC(20, 6) NOT NULL,
    live_usd NUMERIC(20, 6) NOT NULL,
    -- By term, dollars as text: from the leader to paper, from paper to live, and the latter in no order.
    leader_terms JSONB NOT NULL,
    terms JSONB NOT NULL,
    averages JSONB NOT NULL,
    reason TEXT,
    computed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lt_strategy_id, gap_key),
    CHECK ((kind = 'REST') = (source_trade_id IS NULL)),
    CHECK ((source_trade_id IS NULL) = (condition_id IS NULL))
);
CREATE INDEX gap_trades_open ON gap_trades (computed_at) WHERE NOT is_final AND kind <> 'REST';
CREATE INDEX gap_trades_of_strategy ON gap_trades (lt_strategy_id, source_trade_id DESC);
CREATE INDEX gap_trades_by_trade ON gap_trades USING hash (source_trade_id);

-- `part` is a bar (LEADER, PAPER, LIVE) or a set of terms (LEADER_TERM, TERM, AVERAGE), `name` the term, and `reason` why
-- a trade is on one side only.
CREATE TABLE gap_days (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    day DATE NOT NULL,
    part TEXT NOT NULL CHECK (part IN ('LEADER', 'PAPER', 'LIVE', 'LEADER_TERM', 'TERM', 'AVERAGE')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (lt_strategy_id, day, part, name, reason)
);
CREATE TABLE gap_totals (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    part TEXT NOT NULL CHECK (part IN ('LEADER', 'PAPER', 'LIVE', 'LEADER_TERM', 'TERM', 'AVERAGE')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    usd NUMERIC(20, 6) NOT NULL,
    PRIMARY KEY (lt_strategy_id, part, name, reason)
);

CREATE FUNCTION gap_parts(gap gap_trades) RETURNS TABLE (part TEXT, name TEXT, reason TEXT, usd NUMERIC)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT bar.part, '', '', bar.usd
    FROM (VALUES ('LEADER', gap.leader_usd), ('PAPER', gap.paper_usd), ('LIVE', gap.live_usd)) AS bar (part, usd)
    UNION ALL
    SELECT 'LEADER_TERM', term.key, coalesce(gap.reason, ''), term.value::numeric FROM jsonb_each_text(gap.leader_terms) AS term
    UNION ALL
    SELECT 'TERM', term.key, coalesce(gap.reason, ''), term.value::numeric FROM jsonb_each_text(gap.terms) AS term
    UNION ALL
    SELECT 'AVERAGE', term.key, coalesce(gap.reason, ''), term.value::numeric FROM jsonb_each_text(gap.averages) AS term
$$;

CREATE FUNCTION gap_adds_up(gap gap_trades) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT
        gap.leader_usd - gap.paper_usd
        = (SELECT coalesce(sum(term.value::numeric), 0) FROM jsonb_each_text(gap.leader_terms) AS term)
        AND gap.paper_usd - gap.live_usd
        = (SELECT coalesce(sum(term.value::numeric), 0) FROM jsonb_each_text(gap.terms) AS term)
        AND gap.paper_usd - gap.live_usd
        = (SELECT coalesce(sum(term.value::numeric), 0) FROM jsonb_each_text(gap.averages) AS term)
$$;
ALTER TABLE gap_trades ADD CONSTRAINT gap_trades_add_up CHECK (gap_adds_up(gap_trades));

-- Rows are taken in one order, so that two writers cannot wait for each other.
CREATE FUNCTION gap_sums_follow_new() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    WITH moves AS MATERIALIZED (
        SELECT gap.lt_strategy_id, (gap.computed_at AT TIME ZONE strategy.time_zone)::date AS day, moved.*
        FROM new_rows AS gap INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        CROSS JOIN LATERAL gap_parts(gap) AS moved
    ), by_day AS (
        INSERT INTO gap_days AS kept (lt_strategy_id, day, part, name, reason, usd)
        SELECT lt_strategy_id, day, part, name, reason, sum(usd) FROM moves
        GROUP BY lt_strategy_id, day, part, name, reason HAVING sum(usd) <> 0
        ORDER BY lt_strategy_id, day, part, name, reason
        ON CONFLICT (lt_strategy_id, day, part, name, reason) DO UPDATE SET usd = kept.usd + excluded.usd
    )
    INSERT INTO gap_totals AS kept (lt_strategy_id, part, name, reason, usd)
    SELECT lt_strategy_id, part, name, reason, sum(usd) FROM moves
    GROUP BY lt_strategy_id, part, name, reason HAVING sum(usd) <> 0
    ORDER BY lt_strategy_id, part, name, reason
    ON CONFLICT (lt_strategy_id, part, name, reason) DO UPDATE SET usd = kept.usd + excluded.usd;
    RETURN NULL;
END
$$;
CREATE FUNCTION gap_sums_follow_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    WITH moves AS MATERIALIZED (
        SELECT gap.lt_strategy_id, (gap.computed_at AT TIME ZONE strategy.time_zone)::date AS day, moved.*
        FROM new_rows AS gap INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        CROSS JOIN LATERAL gap_parts(gap) AS moved
        UNION ALL
        SELECT
            gap.lt_strategy_id, (gap.computed_at AT TIME ZONE strategy.time_zone)::date, moved.part, moved.name,
            moved.reason, -moved.usd
        FROM new_rows AS gap INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        INNER JOIN old_rows AS before ON before.lt_strategy_id = gap.lt_strategy_id AND before.gap_key = gap.gap_key
        CROSS JOIN LATERAL gap_parts(before) AS moved
    ), by_day AS (
        INSERT INTO gap_days AS kept (lt_strategy_id, day, part, name, reason, usd)
        SELECT lt_strategy_id, day, part, name, reason, sum(usd) FROM moves
        GROUP BY lt_strategy_id, day, part, name, reason HAVING sum(usd) <> 0
        ORDER BY lt_strategy_id, day, part, name, reason
        ON CONFLICT (lt_strategy_id, day, part, name, reason) DO UPDATE SET usd = kept.usd + excluded.usd
    )
    INSERT INTO gap_totals AS kept (lt_strategy_id, part, name, reason, usd)
    SELECT lt_strategy_id, part, name, reason, sum(usd) FROM moves
    GROUP BY lt_strategy_id, part, name, reason HAVING sum(usd) <> 0
    ORDER BY lt_strategy_id, part, name, reason
    ON CONFLICT (lt_strategy_id, part, name, reason) DO UPDATE SET usd = kept.usd + excluded.usd;
    RETURN NULL;
END
$$;
CREATE TRIGGER gap_sums_of_new AFTER INSERT ON gap_trades
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gap_sums_follow_new();
CREATE TRIGGER gap_sums_of_changed AFTER UPDATE ON gap_trades
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gap_sums_follow_changed();

-- What paper pays on the very book that live decides on, by which the market's move is told from live's own depth.
ALTER TABLE lt_orders ADD COLUMN paper_then_shares NUMERIC(20, 6);
ALTER TABLE lt_orders ADD COLUMN paper_then_usd NUMERIC(20, 6);

-- All trades are told anew, with what has not ended.
INSERT INTO changed_twins (ft_wallet_id, source_trade_id)
SELECT strategy.ft_wallet_id, known.source_trade_id
FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT source_trade_id FROM ft_orders WHERE ft_orders.ft_wallet_id = strategy.ft_wallet_id
    UNION
    SELECT source_trade_id FROM lt_orders
    WHERE lt_orders.lt_strategy_id = strategy.lt_strategy_id AND purpose = 'ENTRY' AND source_trade_id IS NOT NULL
) AS known
ORDER BY known.source_trade_id;
