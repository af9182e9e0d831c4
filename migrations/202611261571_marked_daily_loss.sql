-- A limit on what a strategy lost since its day began with what it holds at its marks. NULL is off, as for every limit.

ALTER TABLE lt_risk_rules
ADD COLUMN max_marked_daily_loss_usd NUMERIC(20, 6) CHECK (max_marked_daily_loss_usd > 0),
ADD COLUMN max_marked_daily_loss_fraction NUMERIC(8, 6) CHECK (
    max_marked_daily_loss_fraction > 0 AND max_marked_daily_loss_fraction <= 1
);
