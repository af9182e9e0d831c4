-- A decision keeps what is its own; what everybody judged a trade by is kept once for each version of it.

-- The code that ran before never wrote a null, and reads neither column of what the new one writes.
-- squawk-ignore-file ban-drop-not-null

-- The key is the first eight bytes of the sha256 of the shared inputs' canonical text: whoever decides computes it, and
-- nobody waits for a number.
CREATE TABLE decision_evidence (
    source_trade_id BIGINT NOT NULL REFERENCES source_trades (source_trade_id),
    evidence_key BIGINT NOT NULL,
    shared JSONB NOT NULL,
    PRIMARY KEY (source_trade_id, evidence_key)
);

-- `inputs` and `inputs_hash` are of rows from before: what is decided now has `own`, `hash` and, unless it was too old
-- to be looked at, an `evidence_key`.
ALTER TABLE decisions ALTER COLUMN inputs DROP NOT NULL;
ALTER TABLE decisions ALTER COLUMN inputs_hash DROP NOT NULL;
ALTER TABLE decisions ADD COLUMN evidence_key BIGINT;
ALTER TABLE decisions ADD COLUMN own JSONB;
ALTER TABLE decisions ADD COLUMN hash BYTEA;
ALTER TABLE decisions ADD CONSTRAINT decisions_have_their_inputs CHECK (
    (inputs IS NULL) = (inputs_hash IS NULL) AND (inputs IS NULL) = (own IS NOT NULL)
    AND (own IS NULL) = (hash IS NULL) AND (hash IS NULL OR length(hash) = 32)
) NOT VALID;
