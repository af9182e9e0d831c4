-- How each job and each part of it stands, so that a job that dies and a part that fails in every run are seen.
CREATE TABLE job_runs (
    job TEXT PRIMARY KEY,
    last_started_at TIMESTAMPTZ NOT NULL,
    last_completed_at TIMESTAMPTZ,
    failing_since TIMESTAMPTZ,
    failed_runs BIGINT NOT NULL DEFAULT 0 CHECK (failed_runs >= 0),
    last_error TEXT,
    CHECK ((failed_runs = 0) = (failing_since IS NULL))
);

CREATE TABLE failing_parts (
    job TEXT NOT NULL,
    part TEXT NOT NULL,
    error TEXT NOT NULL,
    message TEXT NOT NULL,
    failing_since TIMESTAMPTZ NOT NULL,
    last_failed_at TIMESTAMPTZ NOT NULL,
    failed_runs BIGINT NOT NULL CHECK (failed_runs > 0),
    quiet_runs BIGINT NOT NULL DEFAULT 0 CHECK (quiet_runs >= 0),
    PRIMARY KEY (job, part)
);

-- Somebody who was told of a warning is told again when it becomes critical.
ALTER TABLE lt_alerts ADD COLUMN notified_severity TEXT CHECK (notified_severity IN ('INFO', 'WARNING', 'CRITICAL'));
UPDATE lt_alerts SET notified_severity = severity WHERE notified_at IS NOT NULL;
