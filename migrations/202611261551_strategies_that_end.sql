-- A strategy may end; then its FT wallet may have another one.
-- The runner's one transaction rules out concurrent builds; the table holds a row a strategy.
-- The unique index has the name of the constraint before it, by which the code tells what was taken.
-- squawk-ignore-file ban-drop-constraint, require-concurrent-index-creation, constraint-missing-not-valid

ALTER TABLE lt_strategies
ADD COLUMN ended_at TIMESTAMPTZ CHECK (ended_at >= created_at),
ADD CHECK (ended_at IS NULL OR NOT is_active);
ALTER TABLE lt_strategies DROP CONSTRAINT lt_strategies_ft_wallet_id_key;
CREATE UNIQUE INDEX lt_strategies_ft_wallet_id_key ON lt_strategies (ft_wallet_id) WHERE ended_at IS NULL;
CREATE INDEX lt_strategies_by_ft_wallet ON lt_strategies (ft_wallet_id);
