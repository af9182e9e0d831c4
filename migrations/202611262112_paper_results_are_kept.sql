-- What a paper wallet has won, lost and bound in open bets, kept by whatever writes its orders: a bankroll is read
-- without a walk over all that a wallet ever bet. The orders stay the truth.

CREATE TABLE ft_results (
    ft_wallet_id UUID PRIMARY KEY REFERENCES ft_wallets (ft_wallet_id),
    result_usd NUMERIC(20, 6) NOT NULL
);

-- An open bet counts with what it cost and what left of it brought, an ended one with its profit.
CREATE FUNCTION ft_result(
    outcome TEXT, pnl_usd NUMERIC, cost_usd NUMERIC, fee_usd NUMERIC, exit_proceeds_usd NUMERIC, exit_fee_usd NUMERIC
) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE outcome WHEN 'OPEN' THEN exit_proceeds_usd - exit_fee_usd - cost_usd - fee_usd ELSE pnl_usd END
$$;

-- Wallets are taken in one order, so that two writers cannot wait for each other.
CREATE FUNCTION ft_results_follow_new_orders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ft_results AS kept (ft_wallet_id, result_usd)
    SELECT ft_wallet_id, sum(ft_result(outcome, pnl_usd, cost_usd, fee_usd, exit_proceeds_usd, exit_fee_usd))
    FROM new_orders GROUP BY ft_wallet_id ORDER BY ft_wallet_id
    ON CONFLICT (ft_wallet_id) DO UPDATE SET result_usd = kept.result_usd + excluded.result_usd;
    RETURN NULL;
END
$$;
CREATE FUNCTION ft_results_follow_changed_orders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ft_results AS kept (ft_wallet_id, result_usd)
    SELECT ft_wallet_id, sum(result) FROM (
        SELECT ft_wallet_id, ft_result(outcome, pnl_usd, cost_usd, fee_usd, exit_proceeds_usd, exit_fee_usd) AS result
        FROM new_orders
        UNION ALL
        SELECT ft_wallet_id, -ft_result(outcome, pnl_usd, cost_usd, fee_usd, exit_proceeds_usd, exit_fee_usd)
        FROM old_orders
    ) AS moved GROUP BY ft_wallet_id HAVING sum(result) <> 0 ORDER BY ft_wallet_id
    ON CONFLICT (ft_wallet_id) DO UPDATE SET result_usd = kept.result_usd + excluded.result_usd;
    RETURN NULL;
END
$$;

-- Nobody writes orders between the sums and the triggers.
LOCK TABLE ft_orders IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO ft_results (ft_wallet_id, result_usd)
SELECT ft_wallet_id, sum(ft_result(outcome, pnl_usd, cost_usd, fee_usd, exit_proceeds_usd, exit_fee_usd))
FROM ft_orders GROUP BY ft_wallet_id;
CREATE TRIGGER ft_results_of_new_orders AFTER INSERT ON ft_orders
REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT EXECUTE FUNCTION ft_results_follow_new_orders();
CREATE TRIGGER ft_results_of_changed_orders AFTER UPDATE ON ft_orders
REFERENCING OLD TABLE AS old_orders NEW TABLE AS new_orders
FOR EACH STATEMENT EXECUTE FUNCTION ft_results_follow_changed_orders();
