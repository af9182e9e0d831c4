-- The feed may not number an outcome and the catalogue may not say whether a market is a neg-risk one.
-- The code that ran before never wrote a null and reads either column only beside other checks.
-- squawk-ignore-file ban-drop-not-null

ALTER TABLE source_trades ALTER COLUMN outcome_index DROP NOT NULL;
ALTER TABLE markets ALTER COLUMN neg_risk DROP NOT NULL;

-- Whose row was set aside, where it is a followed trader's.
ALTER TABLE quarantined_rows ADD COLUMN trader_address TEXT;
