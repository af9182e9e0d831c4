-- Requests under a key that are being carried out, where that takes more than one transaction. A row goes when its
-- answer is kept in idempotency_keys; one that stays is of a process that died.

CREATE TABLE idempotency_claims (
    owner_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    request_hash TEXT NOT NULL CHECK (request_hash ~ '^[0-9a-f]{64}$'),
    claimed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (owner_id, idempotency_key)
);
