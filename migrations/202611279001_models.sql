-- Fitted models by version. Decisions name the version that they asked, so a row is never changed but for whether it is
-- the one that is asked.
-- squawk-ignore-file require-concurrent-index-creation

CREATE TABLE models (
    model_name TEXT NOT NULL CHECK (model_name ~ '^[a-z0-9-]{1,40}$'),
    version INTEGER NOT NULL CHECK (version > 0),
    intercept NUMERIC NOT NULL,
    weights JSONB NOT NULL,
    figures JSONB NOT NULL,
    fitted_until TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    is_active BOOLEAN NOT NULL,
    PRIMARY KEY (model_name, version)
);
CREATE UNIQUE INDEX models_one_is_asked ON models (is_active) WHERE is_active;
