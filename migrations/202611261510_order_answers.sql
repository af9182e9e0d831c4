-- What the venue answered when it took an order is kept beside it: nothing ends an order before answer, look-up and
-- trades agree. A finished order stays watched until it was looked up once more.
-- The runner's one transaction rules out a concurrent build.
-- squawk-ignore-file require-concurrent-index-creation

ALTER TABLE lt_orders
ADD COLUMN answer_status TEXT CHECK (answer_status IN ('live', 'matched', 'delayed')),
ADD COLUMN answer_usd NUMERIC(20, 6),
ADD COLUMN answer_shares NUMERIC(20, 6),
ADD COLUMN answer_trade_ids TEXT [],
ADD COLUMN answer_transaction_hashes TEXT [],
ADD COLUMN last_look_at TIMESTAMPTZ;
-- What had ended before this stands as it is.
UPDATE lt_orders SET last_look_at = finished_at WHERE finished_at IS NOT NULL;
CREATE INDEX lt_orders_without_last_look ON lt_orders (trading_wallet_id)
WHERE finished_at IS NOT NULL AND last_look_at IS NULL AND sent_at IS NOT NULL;
