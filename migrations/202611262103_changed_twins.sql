-- Source trades of which the paper or the live side has changed since the two were last compared. Rows are only added and
-- taken away, so that no two writers wait for each other here.
-- squawk-ignore-file require-concurrent-index-creation

CREATE TABLE changed_twins (
    changed_twin_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ft_wallet_id UUID NOT NULL,
    source_trade_id BIGINT NOT NULL
);
CREATE INDEX ft_orders_by_condition ON ft_orders (condition_id);

CREATE FUNCTION changed_twins_of_paper() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_twins (ft_wallet_id, source_trade_id)
    SELECT NEW.ft_wallet_id, NEW.source_trade_id
    WHERE EXISTS (SELECT 1 FROM lt_strategies WHERE ft_wallet_id = NEW.ft_wallet_id);
    RETURN NULL;
END $$;
CREATE TRIGGER changed_twins_inserted AFTER INSERT ON ft_orders
FOR EACH ROW EXECUTE FUNCTION changed_twins_of_paper();
CREATE TRIGGER changed_twins_updated AFTER UPDATE ON ft_orders FOR EACH ROW
WHEN (OLD.outcome <> NEW.outcome OR OLD.pnl_usd IS DISTINCT FROM NEW.pnl_usd)
EXECUTE FUNCTION changed_twins_of_paper();

CREATE FUNCTION changed_twins_of_live() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_twins (ft_wallet_id, source_trade_id)
    SELECT ft_wallet_id, NEW.source_trade_id FROM lt_strategies WHERE lt_strategy_id = NEW.lt_strategy_id;
    RETURN NULL;
END $$;
CREATE TRIGGER changed_twins_inserted AFTER INSERT ON lt_orders FOR EACH ROW
WHEN (NEW.purpose = 'ENTRY' AND NEW.source_trade_id IS NOT NULL) EXECUTE FUNCTION changed_twins_of_live();
CREATE TRIGGER changed_twins_updated AFTER UPDATE ON lt_orders FOR EACH ROW
WHEN (
    NEW.purpose = 'ENTRY' AND NEW.source_trade_id IS NOT NULL
    AND (OLD.outcome <> NEW.outcome OR OLD.pnl_usd IS DISTINCT FROM NEW.pnl_usd)
)
EXECUTE FUNCTION changed_twins_of_live();

-- Both sides may have left a market before it resolves; nothing of it is explained until then.
CREATE FUNCTION changed_twins_of_market() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_twins (ft_wallet_id, source_trade_id)
    SELECT twin.ft_wallet_id, twin.source_trade_id
    FROM ft_orders AS twin
    WHERE
        twin.condition_id = NEW.condition_id AND twin.outcome <> 'OPEN'
        AND EXISTS (SELECT 1 FROM lt_strategies AS strategy WHERE strategy.ft_wallet_id = twin.ft_wallet_id);
    RETURN NULL;
END $$;
CREATE TRIGGER changed_twins_resolved AFTER UPDATE ON markets FOR EACH ROW
WHEN (OLD.resolution_state <> 'RESOLVED' AND NEW.resolution_state = 'RESOLVED')
EXECUTE FUNCTION changed_twins_of_market();

-- What has been compared before is looked at once more.
INSERT INTO changed_twins (ft_wallet_id, source_trade_id)
SELECT twin.ft_wallet_id, twin.source_trade_id FROM ft_orders AS twin
WHERE EXISTS (SELECT 1 FROM lt_strategies AS strategy WHERE strategy.ft_wallet_id = twin.ft_wallet_id)
ORDER BY twin.source_trade_id;
