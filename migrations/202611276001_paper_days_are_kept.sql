-- How a paper wallet's orders ended, by day and in all: kept by what writes them, as their result is (ft_results).

-- day: in UTC, of the end; NULL for all days together. An order that nothing filled ended when it was decided.
CREATE TABLE ft_result_days (
    ft_wallet_id UUID NOT NULL REFERENCES ft_wallets (ft_wallet_id),
    day DATE,
    outcome TEXT NOT NULL CHECK (outcome IN ('NOT_FILLED', 'WON', 'LOST', 'SPLIT', 'SOLD')),
    orders BIGINT NOT NULL,
    pnl_usd NUMERIC(20, 6) NOT NULL,
    UNIQUE NULLS NOT DISTINCT (ft_wallet_id, day, outcome)
);

CREATE FUNCTION ft_result_days_follow_new_orders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ft_result_days AS kept (ft_wallet_id, day, outcome, orders, pnl_usd)
    SELECT ft_wallet_id, span.day, outcome, count(*), sum(pnl_usd)
    FROM new_orders CROSS JOIN LATERAL (VALUES ((resolved_at AT TIME ZONE 'UTC')::date), (NULL)) AS span (day)
    WHERE outcome <> 'OPEN'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (ft_wallet_id, day, outcome)
    DO UPDATE SET orders = kept.orders + excluded.orders, pnl_usd = kept.pnl_usd + excluded.pnl_usd;
    RETURN NULL;
END
$$;
CREATE FUNCTION ft_result_days_follow_changed_orders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ft_result_days AS kept (ft_wallet_id, day, outcome, orders, pnl_usd)
    SELECT ft_wallet_id, span.day, outcome, sum(orders), sum(pnl_usd) FROM (
        SELECT ft_wallet_id, outcome, resolved_at, 1 AS orders, pnl_usd FROM new_orders WHERE outcome <> 'OPEN'
        UNION ALL
        SELECT ft_wallet_id, outcome, resolved_at, -1 AS orders, -pnl_usd FROM old_orders WHERE outcome <> 'OPEN'
    ) AS moved CROSS JOIN LATERAL (VALUES ((resolved_at AT TIME ZONE 'UTC')::date), (NULL)) AS span (day)
    GROUP BY 1, 2, 3 HAVING sum(orders) <> 0 OR sum(pnl_usd) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (ft_wallet_id, day, outcome)
    DO UPDATE SET orders = kept.orders + excluded.orders, pnl_usd = kept.pnl_usd + excluded.pnl_usd;
    RETURN NULL;
END
$$;

-- Nobody writes orders between the sums and the triggers.
LOCK TABLE ft_orders IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO ft_result_days (ft_wallet_id, day, outcome, orders, pnl_usd)
SELECT ft_wallet_id, span.day, outcome, count(*), sum(pnl_usd)
FROM ft_orders CROSS JOIN LATERAL (VALUES ((resolved_at AT TIME ZONE 'UTC')::date), (NULL)) AS span (day)
WHERE outcome <> 'OPEN'
GROUP BY 1, 2, 3;
CREATE TRIGGER ft_result_days_of_new_orders AFTER INSERT ON ft_orders
REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT EXECUTE FUNCTION ft_result_days_follow_new_orders();
CREATE TRIGGER ft_result_days_of_changed_orders AFTER UPDATE ON ft_orders
REFERENCING OLD TABLE AS old_orders NEW TABLE AS new_orders
FOR EACH STATEMENT EXECUTE FUNCTION ft_result_days_follow_changed_orders();
