-- A page of a statement, of orders, of fills that failed and of differences is read from its newest row on.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY ledger_entries_of_strategy_in_order ON ledger_entries (lt_strategy_id, ledger_transaction_id);
CREATE INDEX CONCURRENTLY ledger_entries_of_wallet_in_order ON ledger_entries (trading_wallet_id, ledger_transaction_id);
CREATE INDEX CONCURRENTLY ledger_entries_with_results ON ledger_entries (lt_strategy_id, ledger_transaction_id)
WHERE account IN ('REALISED_PNL', 'FEES') OR (account = 'POSITION_COST' AND shares < 0);
CREATE INDEX CONCURRENTLY ledger_transactions_by_booking ON ledger_transactions (recorded_at);
CREATE INDEX CONCURRENTLY lt_orders_by_purpose_and_time ON lt_orders (lt_strategy_id, purpose, intent_at, made_number);
CREATE INDEX CONCURRENTLY fills_failed ON fills (trading_wallet_id, match_time) WHERE status = 'FAILED';
CREATE INDEX CONCURRENTLY external_fills_failed ON external_fills (trading_wallet_id, match_time)
WHERE status = 'FAILED';
CREATE INDEX CONCURRENTLY lt_gaps_in_order ON lt_gaps (lt_strategy_id, source_trade_id);
CREATE INDEX CONCURRENTLY external_fills_by_token ON external_fills (trading_wallet_id, token_id);
