-- Where a change came from, and whose thing it was: what is read by its owner, page by page. Lines without an owner are of
-- nobody's own things. Lines stay as they were written.
CREATE FUNCTION audit_owner(subject_type TEXT, subject_id TEXT) RETURNS TEXT
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE subject_type
        WHEN 'lt_order' THEN (
            SELECT strategy.owner_id FROM lt_orders AS bought
            INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
            WHERE bought.lt_order_id = subject_id::UUID
        )
        WHEN 'lt_strategy' THEN (
            SELECT owner_id FROM lt_strategies WHERE lt_strategy_id = subject_id::UUID
        )
        WHEN 'trading_wallet' THEN (
            SELECT owner_id FROM trading_wallets WHERE trading_wallet_id = subject_id::UUID
        )
        WHEN 'ft_wallet' THEN (
            SELECT owner_id FROM ft_wallets WHERE ft_wallet_id = subject_id::UUID
        )
        WHEN 'lt_redemption' THEN (
            SELECT wallet.owner_id FROM lt_redemptions AS redemption
            INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
            WHERE redemption.lt_redemption_id = subject_id::UUID
        )
        WHEN 'break' THEN (
            SELECT wallet.owner_id FROM breaks AS found
            INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
            WHERE found.break_id = subject_id::BIGINT
        )
        WHEN 'lock' THEN (
            SELECT coalesce(strategy.owner_id, wallet.owner_id) FROM locks AS put
            LEFT JOIN lt_strategies AS strategy
                ON strategy.lt_strategy_id = CASE put.scope WHEN 'STRATEGY' THEN put.scope_id::UUID END
            LEFT JOIN trading_wallets AS wallet
                ON wallet.trading_wallet_id = CASE put.scope WHEN 'TRADING_WALLET' THEN put.scope_id::UUID END
            WHERE put.lock_id = subject_id::BIGINT
        )
        WHEN 'job' THEN (
            SELECT owner_id FROM job_requests WHERE job_id = subject_id::UUID
        )
    END;
END
$$;

ALTER TABLE audit_log
ADD COLUMN owner_id TEXT,
ADD COLUMN request_id TEXT,
ADD COLUMN source_ip TEXT,
ADD COLUMN user_agent TEXT;

-- Written once. Retention alone removes, what is not of money, in a transaction that says that it is retention's.
CREATE FUNCTION refuse_change_of_audit() RETURNS TRIGGER
LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op = 'DELETE' AND old.subject_type IN ('lock', 'trader', 'ft_wallet')
        AND current_setting('live_trading.retention', TRUE) = 'on' THEN
        RETURN old;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_log_is_not_emptied BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
