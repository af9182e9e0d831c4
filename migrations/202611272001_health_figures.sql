-- How each check of health stands now and since when; `lt_health_checks` keeps the course of it.
CREATE TABLE lt_health_standing (
    check_name TEXT NOT NULL CHECK (check_name <> ''),
    -- What of many things it is about; empty where it is about the whole.
    subject TEXT NOT NULL,
    check_status TEXT NOT NULL CHECK (check_status IN ('HEALTHY', 'WARNING', 'CRITICAL')),
    since TIMESTAMPTZ NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    -- When the check was last written down in its course.
    kept_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (check_name, subject)
);

-- How long the last run of a job took that came to its end.
ALTER TABLE job_runs ADD COLUMN last_milliseconds BIGINT CHECK (last_milliseconds >= 0);

-- In which of its modes the venue was last seen by an answer to an order; it is forgotten with the next order that the
-- venue takes.
CREATE TABLE venue_modes (
    mode TEXT PRIMARY KEY CHECK (mode IN (
        'engine_restarting', 'cancel_only', 'post_only_mode', 'trading_disabled'
    )),
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    said TEXT NOT NULL
);

-- Of the newest decisions of a strategy: for how many each of its checks and risk rules was asked, had what it looks at,
-- and stood in the way.
CREATE TABLE guard_figures (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    kind TEXT NOT NULL CHECK (kind IN ('CHECK', 'RISK_RULE')),
    guard TEXT NOT NULL CHECK (guard <> ''),
    decisions INTEGER NOT NULL CHECK (decisions >= 0),
    with_data INTEGER NOT NULL CHECK (with_data BETWEEN 0 AND decisions),
    bit INTEGER NOT NULL CHECK (bit BETWEEN 0 AND decisions),
    counted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lt_strategy_id, kind, guard)
);

-- How the newest orders of a strategy went, beside those before them. NULL where there are none to tell it by.
CREATE TABLE execution_figures (
    lt_strategy_id UUID NOT NULL REFERENCES lt_strategies (lt_strategy_id),
    measure TEXT NOT NULL CHECK (measure IN ('SLIPPAGE', 'FILL_RATE', 'LATENCY')),
    recent_orders INTEGER NOT NULL CHECK (recent_orders >= 0),
    usual_orders INTEGER NOT NULL CHECK (usual_orders >= 0),
    recent NUMERIC(20, 4),
    usual NUMERIC(20, 4),
    -- The median distance of the usual ones from their median.
    usual_deviation NUMERIC(20, 4),
    counted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lt_strategy_id, measure)
);
