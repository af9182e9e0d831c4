-- How strategies stand, kept by what changes it: positions that ended, and the highest profit that was seen.
-- Indexes are built within the runner's transaction, as all before them.
-- squawk-ignore-file require-concurrent-index-creation

-- A token of a strategy all of whose entries have an outcome: what they brought together, and when the last one ended.
CREATE TABLE ended_positions (
    lt_strategy_id UUID NOT NULL,
    token_id TEXT NOT NULL,
    pnl_usd NUMERIC(20, 6) NOT NULL,
    ended_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lt_strategy_id, token_id)
);
CREATE INDEX ended_positions_newest ON ended_positions (lt_strategy_id, ended_at DESC, token_id);
CREATE INDEX ended_positions_without_loss ON ended_positions (lt_strategy_id, ended_at DESC, token_id)
WHERE pnl_usd >= 0;
CREATE INDEX lt_orders_entries_by_token ON lt_orders (lt_strategy_id, token_id) WHERE purpose = 'ENTRY';

CREATE FUNCTION ended_positions_refresh(strategies UUID [], tokens TEXT []) RETURNS VOID LANGUAGE sql AS $$
WITH sums AS MATERIALIZED (
    SELECT touched.lt_strategy_id, touched.token_id, entries.*
    FROM unnest(strategies, tokens) AS touched (lt_strategy_id, token_id) CROSS JOIN LATERAL (
        SELECT
            coalesce(bool_and(outcome <> 'OPEN') AND sum(pnl_usd) IS NOT NULL AND max(resolved_at) IS NOT NULL, FALSE)
            AS is_over,
            sum(pnl_usd) AS pnl_usd, max(resolved_at) AS ended_at
        FROM lt_orders
        WHERE
            lt_orders.lt_strategy_id = touched.lt_strategy_id AND lt_orders.token_id = touched.token_id
            AND lt_orders.purpose = 'ENTRY'
    ) AS entries
), reopened AS (
    DELETE FROM ended_positions AS ended USING sums
    WHERE
        NOT sums.is_over AND ended.lt_strategy_id = sums.lt_strategy_id AND ended.token_id = sums.token_id
)
INSERT INTO ended_positions (lt_strategy_id, token_id, pnl_usd, ended_at)
SELECT lt_strategy_id, token_id, pnl_usd, ended_at FROM sums WHERE is_over
ORDER BY lt_strategy_id, token_id
ON CONFLICT (lt_strategy_id, token_id) DO UPDATE SET pnl_usd = excluded.pnl_usd, ended_at = excluded.ended_at;
$$;

CREATE FUNCTION ended_positions_of_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    strategies UUID [];
    tokens TEXT [];
BEGIN
    DELETE FROM ended_positions AS ended USING changed
    WHERE
        changed.purpose = 'ENTRY' AND changed.outcome = 'OPEN'
        AND ended.lt_strategy_id = changed.lt_strategy_id AND ended.token_id = changed.token_id;
    SELECT array_agg(lt_strategy_id), array_agg(token_id) INTO strategies, tokens FROM (
        SELECT DISTINCT lt_strategy_id, token_id FROM changed WHERE purpose = 'ENTRY' AND outcome <> 'OPEN'
    ) AS ended;
    IF strategies IS NOT NULL THEN
        PERFORM ended_positions_refresh(strategies, tokens);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ended_positions_of_inserted AFTER INSERT ON lt_orders
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ended_positions_of_inserted();

CREATE FUNCTION ended_positions_of_updated() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    strategies UUID [];
    tokens TEXT [];
BEGIN
    SELECT array_agg(lt_strategy_id), array_agg(token_id) INTO strategies, tokens FROM (
        SELECT DISTINCT after.lt_strategy_id, after.token_id
        FROM changed AS after INNER JOIN was AS before USING (lt_order_id)
        WHERE
            after.purpose = 'ENTRY'
            AND (after.outcome, after.pnl_usd, after.resolved_at)
            IS DISTINCT FROM (before.outcome, before.pnl_usd, before.resolved_at)
    ) AS touched;
    IF strategies IS NOT NULL THEN
        PERFORM ended_positions_refresh(strategies, tokens);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ended_positions_of_updated AFTER UPDATE ON lt_orders
REFERENCING NEW TABLE AS changed OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION ended_positions_of_updated();

CREATE FUNCTION ended_positions_rebuild() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE lt_orders IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ended_positions;
    INSERT INTO ended_positions (lt_strategy_id, token_id, pnl_usd, ended_at)
    SELECT lt_strategy_id, token_id, sum(pnl_usd), max(resolved_at) FROM lt_orders WHERE purpose = 'ENTRY'
    GROUP BY lt_strategy_id, token_id
    HAVING bool_and(outcome <> 'OPEN') AND sum(pnl_usd) IS NOT NULL AND max(resolved_at) IS NOT NULL;
END $$;
SELECT ended_positions_rebuild();

-- The highest marked profit among a strategy's snapshots from `since` on, when a person last accepted what was lost; it
-- stays when old snapshots are thinned.
CREATE TABLE equity_highs (
    lt_strategy_id UUID PRIMARY KEY,
    since TIMESTAMPTZ,
    profit_usd NUMERIC(20, 6) NOT NULL
);

CREATE INDEX locks_by_end ON locks (scope, coalesce(scope_id, ''), reason, least(released_at, ends_at));
CREATE INDEX locks_by_release ON locks (scope, coalesce(scope_id, ''), reason, released_at)
WHERE release_kind = 'BY_HAND';

CREATE FUNCTION equity_highs_of_snapshot() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    accepted TIMESTAMPTZ;
BEGIN
    SELECT max(released_at) INTO accepted FROM locks
    WHERE
        scope = 'STRATEGY' AND coalesce(scope_id, '') = NEW.lt_strategy_id::text AND reason = 'drawdown'
        AND release_kind = 'BY_HAND';
    UPDATE equity_highs SET profit_usd = greatest(profit_usd, NEW.marked_equity_usd - NEW.transfers_in_usd)
    WHERE
        lt_strategy_id = NEW.lt_strategy_id AND since IS NOT DISTINCT FROM accepted
        AND (accepted IS NULL OR NEW.taken_at >= accepted);
    IF NOT FOUND THEN
        INSERT INTO equity_highs (lt_strategy_id, since, profit_usd)
        SELECT NEW.lt_strategy_id, accepted, max(marked_equity_usd - transfers_in_usd) FROM equity_snapshots
        WHERE lt_strategy_id = NEW.lt_strategy_id AND taken_at >= coalesce(accepted, '-infinity')
        HAVING max(marked_equity_usd - transfers_in_usd) IS NOT NULL
        ON CONFLICT (lt_strategy_id) DO UPDATE SET since = excluded.since, profit_usd = excluded.profit_usd;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER equity_highs_of_snapshot AFTER INSERT ON equity_snapshots FOR EACH ROW
WHEN (NEW.marked_equity_usd IS NOT NULL AND NEW.transfers_in_usd IS NOT NULL)
EXECUTE FUNCTION equity_highs_of_snapshot();
INSERT INTO equity_highs (lt_strategy_id, since, profit_usd)
SELECT snapshot.lt_strategy_id, accepted.at, max(snapshot.marked_equity_usd - snapshot.transfers_in_usd)
FROM equity_snapshots AS snapshot CROSS JOIN LATERAL (
    SELECT max(released_at) AS at FROM locks
    WHERE
        scope = 'STRATEGY' AND coalesce(scope_id, '') = snapshot.lt_strategy_id::text AND reason = 'drawdown'
        AND release_kind = 'BY_HAND'
) AS accepted
WHERE snapshot.taken_at >= coalesce(accepted.at, '-infinity')
GROUP BY snapshot.lt_strategy_id, accepted.at
HAVING max(snapshot.marked_equity_usd - snapshot.transfers_in_usd) IS NOT NULL;

-- What is read of history is its newest rows, or those of what is held.
CREATE INDEX fills_by_token ON fills (lt_strategy_id, token_id);
CREATE INDEX fills_newest_bought ON fills (lt_strategy_id, recorded_at DESC, fill_id DESC)
WHERE side = 'BUY' AND status <> 'FAILED';
CREATE INDEX lt_orders_by_end ON lt_orders (lt_strategy_id, finished_at) WHERE sent_at IS NOT NULL;
CREATE INDEX breaks_by_time ON breaks (trading_wallet_id, found_at);
CREATE INDEX ft_orders_newest ON ft_orders (ft_wallet_id, decided_at DESC, source_trade_id DESC);
