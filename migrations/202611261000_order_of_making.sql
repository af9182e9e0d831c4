-- What was made at the same moment keeps the order in which it was made; a random id would put it in any.
-- The rewrite of these tables is short: they grow by what people make and by our own orders.
-- squawk-ignore-file adding-field-with-default

ALTER TABLE ft_wallets ADD COLUMN made_number BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE trading_wallets ADD COLUMN made_number BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE lt_strategies ADD COLUMN made_number BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE lt_orders ADD COLUMN made_number BIGINT GENERATED ALWAYS AS IDENTITY;
