-- Whose an alert is, when and how often it was seen, and who has dealt with it. What is told of alerts is written by
-- triggers, so that it is committed with the cause, whichever statement that is.
-- squawk-ignore-file require-concurrent-index-creation

ALTER TABLE lt_alerts
ADD COLUMN scope TEXT NOT NULL DEFAULT 'OPERATOR' CHECK (scope IN ('OWNER', 'EVERYBODY', 'OPERATOR')),
ADD COLUMN owner_id TEXT,
ADD COLUMN trading_wallet_id UUID,
ADD COLUMN lt_strategy_id UUID,
ADD COLUMN last_seen_at TIMESTAMPTZ,
ADD COLUMN times_seen BIGINT NOT NULL DEFAULT 1 CHECK (times_seen > 0),
ADD COLUMN worst_severity TEXT NOT NULL DEFAULT 'INFO' CHECK (worst_severity IN ('INFO', 'WARNING', 'CRITICAL')),
ADD COLUMN is_urgent BOOLEAN NOT NULL DEFAULT FALSE,
ADD COLUMN escalated_at TIMESTAMPTZ,
ADD COLUMN told_again_at TIMESTAMPTZ,
ADD COLUMN acknowledged_by TEXT,
ADD COLUMN acknowledged_at TIMESTAMPTZ,
ADD COLUMN acknowledge_remark TEXT,
ADD COLUMN resolved_by TEXT,
ADD COLUMN resolve_reason TEXT;
ALTER TABLE lt_alerts ADD CONSTRAINT lt_alerts_owner_check
CHECK ((scope = 'OWNER') = (owner_id IS NOT NULL)) NOT VALID;
ALTER TABLE lt_alerts ADD CONSTRAINT lt_alerts_trading_wallet_id_fkey
FOREIGN KEY (trading_wallet_id) REFERENCES trading_wallets (trading_wallet_id) NOT VALID;
ALTER TABLE lt_alerts ADD CONSTRAINT lt_alerts_lt_strategy_id_fkey
FOREIGN KEY (lt_strategy_id) REFERENCES lt_strategies (lt_strategy_id) NOT VALID;

-- What grows old unacknowledged is found by its age; lists are read from the newest on.
CREATE INDEX lt_alerts_active_by_age ON lt_alerts (severity, coalesce(told_again_at, created_at))
WHERE status = 'ACTIVE';
CREATE INDEX lt_alerts_by_who_sees_them ON lt_alerts (scope, coalesce(owner_id, ''), lt_alert_id);
CREATE INDEX lt_alerts_open_by_who_sees_them ON lt_alerts (scope, coalesce(owner_id, ''), lt_alert_id)
WHERE status <> 'RESOLVED';

CREATE FUNCTION severity_exceeds(severity TEXT, other TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['INFO', 'WARNING', 'CRITICAL'], severity)
        > array_position(ARRAY['INFO', 'WARNING', 'CRITICAL'], other)
$$;

-- What is to be told, as it was when it happened. `event_key` names what is no alert: one fill, exit or redemption.
CREATE TABLE alert_messages (
    alert_message_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lt_alert_id BIGINT REFERENCES lt_alerts (lt_alert_id) ON DELETE CASCADE,
    event_key TEXT UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('BEGAN', 'WORSE', 'AGED', 'REPEATED', 'ENDED', 'HAPPENED')),
    severity TEXT NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'CRITICAL')),
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    is_urgent BOOLEAN NOT NULL DEFAULT FALSE,
    at TIMESTAMPTZ NOT NULL,
    spread_at TIMESTAMPTZ,
    CHECK ((kind = 'HAPPENED') = (event_key IS NOT NULL)),
    CHECK ((kind = 'HAPPENED') = (lt_alert_id IS NULL))
);
CREATE INDEX alert_messages_by_alert ON alert_messages (lt_alert_id);
CREATE INDEX alert_messages_of_events ON alert_messages (alert_message_id) WHERE lt_alert_id IS NULL;
CREATE INDEX alert_messages_to_spread ON alert_messages (alert_message_id) WHERE spread_at IS NULL;

-- One message's way through one channel. Whoever sends takes it until `next_attempt_at`; one who dies has not sent it.
CREATE TABLE alert_deliveries (
    alert_message_id BIGINT NOT NULL REFERENCES alert_messages (alert_message_id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('sns', 'telegram', 'webhook')),
    state TEXT NOT NULL CHECK (state IN ('WAITING', 'SENT', 'GIVEN_UP')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error TEXT,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    sent_together INTEGER CHECK (sent_together > 0),
    PRIMARY KEY (alert_message_id, channel),
    CHECK ((state = 'SENT') = (sent_at IS NOT NULL))
);
CREATE INDEX alert_deliveries_waiting ON alert_deliveries (channel, next_attempt_at) WHERE state = 'WAITING';
CREATE INDEX alert_deliveries_refused ON alert_deliveries (alert_message_id)
WHERE last_error IS NOT NULL AND state <> 'SENT';

CREATE FUNCTION lt_alerts_are_told() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    why TEXT := TG_ARGV[0];
BEGIN
    INSERT INTO alert_messages (lt_alert_id, kind, severity, title, message, is_urgent, at)
    VALUES (
        NEW.lt_alert_id, why, NEW.severity, NEW.title, NEW.message, NEW.is_urgent,
        CASE why
            WHEN 'ENDED' THEN coalesce(NEW.resolved_at, NEW.last_seen_at, NEW.created_at)
            WHEN 'AGED' THEN NEW.escalated_at
            WHEN 'REPEATED' THEN greatest(NEW.told_again_at, NEW.last_seen_at)
            ELSE coalesce(NEW.last_seen_at, NEW.created_at)
        END
    );
    RETURN NULL;
END $$;
CREATE TRIGGER lt_alerts_begin AFTER INSERT ON lt_alerts FOR EACH ROW
WHEN (NEW.status <> 'RESOLVED') EXECUTE FUNCTION lt_alerts_are_told('BEGAN');
CREATE TRIGGER lt_alerts_end AFTER UPDATE ON lt_alerts FOR EACH ROW
WHEN (OLD.status <> 'RESOLVED' AND NEW.status = 'RESOLVED') EXECUTE FUNCTION lt_alerts_are_told('ENDED');
CREATE TRIGGER lt_alerts_age AFTER UPDATE ON lt_alerts FOR EACH ROW
WHEN (OLD.escalated_at IS NULL AND NEW.escalated_at IS NOT NULL) EXECUTE FUNCTION lt_alerts_are_told('AGED');
CREATE TRIGGER lt_alerts_worsen AFTER UPDATE ON lt_alerts FOR EACH ROW
WHEN (
    NEW.status <> 'RESOLVED' AND OLD.escalated_at IS NOT DISTINCT FROM NEW.escalated_at
    AND severity_exceeds(NEW.severity, OLD.worst_severity)
)
EXECUTE FUNCTION lt_alerts_are_told('WORSE');
-- What is urgent is told each time that somebody raises it; what nobody acknowledges, each time that it is due again.
CREATE TRIGGER lt_alerts_repeat AFTER UPDATE ON lt_alerts FOR EACH ROW
WHEN (
    NEW.status <> 'RESOLVED' AND OLD.escalated_at IS NOT DISTINCT FROM NEW.escalated_at
    AND CASE
        WHEN NEW.times_seen = OLD.times_seen THEN OLD.told_again_at IS DISTINCT FROM NEW.told_again_at
        ELSE NEW.is_urgent
    END
)
EXECUTE FUNCTION lt_alerts_are_told('REPEATED');

UPDATE lt_alerts SET worst_severity = severity, last_seen_at = created_at;
-- Positions that a lock could not have sold are known by the wallet that holds them.
UPDATE lt_alerts SET
    trading_wallet_id = strategy.trading_wallet_id, lt_strategy_id = strategy.lt_strategy_id,
    scope = 'OWNER', owner_id = strategy.owner_id
FROM lt_strategies AS strategy
WHERE
    alert_type = 'exit_not_done' AND subject LIKE 'flatten:%' AND status <> 'RESOLVED'
    AND split_part(subject, ':', 2) = strategy.lt_strategy_id::text;

-- What nobody was told of so far.
INSERT INTO alert_messages (lt_alert_id, kind, severity, title, message, at)
SELECT lt_alert_id, 'BEGAN', severity, title, message, created_at FROM lt_alerts
WHERE status = 'ACTIVE' AND notified_at IS NULL
ORDER BY lt_alert_id;
