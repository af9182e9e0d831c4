-- What new alerts were held to from the beginning is found to hold for the older ones too.

ALTER TABLE lt_alerts VALIDATE CONSTRAINT lt_alerts_owner_check;
ALTER TABLE lt_alerts VALIDATE CONSTRAINT lt_alerts_trading_wallet_id_fkey;
ALTER TABLE lt_alerts VALIDATE CONSTRAINT lt_alerts_lt_strategy_id_fkey;
