-- A page of the audit log is read from its newest line on, an owner's or all.
-- squawk-ignore-file ban-concurrent-index-creation-in-transaction
-- outside a transaction

CREATE INDEX CONCURRENTLY audit_log_by_owner ON audit_log (owner_id, at, audit_log_id) WHERE owner_id IS NOT NULL;
CREATE INDEX CONCURRENTLY audit_log_by_time ON audit_log (at, audit_log_id);
