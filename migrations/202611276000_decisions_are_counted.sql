-- How many trades each subject decided or passed over, by day and reason: kept when they are, and not lost with old rows.
-- The table is new, and decisions are held against writers only while it is filled.

-- subject_id: the LT strategy that decided, or the FT wallet where it did so itself. Passed over is what a configuration
-- excludes as a whole: such a trade has no row among the decisions, and counts when the subject's mark passes it.
CREATE TABLE decision_counts (
    subject_id UUID NOT NULL,
    day DATE NOT NULL,
    is_passed_over BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    trades BIGINT NOT NULL CHECK (trades > 0),
    PRIMARY KEY (subject_id, day, is_passed_over, reason)
);

CREATE FUNCTION decision_counts_follow_new_decisions() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decision_counts AS kept (subject_id, day, is_passed_over, reason, trades)
    SELECT coalesce(lt_strategy_id, ft_wallet_id), (decided_at AT TIME ZONE 'UTC')::date, FALSE, reason, count(*)
    FROM new_decisions GROUP BY 1, 2, 4 ORDER BY 1, 2, 4
    ON CONFLICT (subject_id, day, is_passed_over, reason) DO UPDATE SET trades = kept.trades + excluded.trades;
    RETURN NULL;
END
$$;

-- Nobody decides between the counts and the trigger.
LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO decision_counts (subject_id, day, is_passed_over, reason, trades)
SELECT coalesce(lt_strategy_id, ft_wallet_id), (decided_at AT TIME ZONE 'UTC')::date, FALSE, reason, count(*)
FROM decisions GROUP BY 1, 2, 4;
CREATE TRIGGER decision_counts_of_new_decisions AFTER INSERT ON decisions
REFERENCING NEW TABLE AS new_decisions FOR EACH STATEMENT EXECUTE FUNCTION decision_counts_follow_new_decisions();
