-- What orders reserve is never less than nothing, and nobody reserves or takes out what is not there. Fills and their
-- corrections are facts: they are booked whatever they make of cash, and health tells of it.

CREATE FUNCTION ledger_accounts_stay_positive() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    held NUMERIC;
BEGIN
    IF NEW.account = 'CASH' AND NOT EXISTS (
        SELECT 1 FROM ledger_transactions
        WHERE ledger_transaction_id = NEW.ledger_transaction_id AND kind IN ('RESERVATION', 'ALLOCATION')
    ) THEN
        RETURN NULL;
    END IF;
    SELECT sum(amount_usd) INTO held FROM ledger_entries
    WHERE lt_strategy_id = NEW.lt_strategy_id AND account = NEW.account;
    IF held < 0 THEN
        RAISE EXCEPTION '% of strategy % would be %', NEW.account, NEW.lt_strategy_id, held
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_accounts_stay_positive AFTER INSERT ON ledger_entries
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.amount_usd < 0 AND NEW.account IN ('CASH', 'RESERVED'))
EXECUTE FUNCTION ledger_accounts_stay_positive();
