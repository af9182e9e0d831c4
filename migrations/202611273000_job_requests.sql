-- Jobs that somebody asked for over the API: who, what, how it goes, and what came of it. One that waits or runs says until
-- when its holder can be alive; past that it is over, whatever its state says.
CREATE TABLE job_requests (
    job_id UUID PRIMARY KEY,
    job TEXT NOT NULL CHECK (job IN ('lt-execute', 'lt-resolve', 'lt-redemptions', 'kill-switch')),
    owner_id TEXT NOT NULL,
    is_for_everybody BOOLEAN NOT NULL,
    asked JSONB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'INTERRUPTED')),
    asked_at TIMESTAMPTZ NOT NULL,
    begun_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    alive_until TIMESTAMPTZ NOT NULL,
    holder TEXT,
    progress JSONB,
    report JSONB,
    error_code TEXT,
    error_text TEXT,
    CHECK ((state IN ('QUEUED', 'RUNNING')) = (ended_at IS NULL)),
    CHECK ((state = 'DONE') = (report IS NOT NULL)),
    CHECK ((state = 'FAILED') = (error_code IS NOT NULL)),
    CHECK (state <> 'RUNNING' OR (begun_at IS NOT NULL AND holder IS NOT NULL))
);
CREATE INDEX job_requests_by_owner ON job_requests (owner_id, asked_at, job_id);
CREATE INDEX job_requests_for_everybody ON job_requests (asked_at, job_id) WHERE is_for_everybody;
CREATE INDEX job_requests_by_age ON job_requests (asked_at);
