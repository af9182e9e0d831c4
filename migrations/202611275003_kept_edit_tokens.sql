-- A repeated update is answered with the entity tag of its first answer too.

ALTER TABLE idempotency_keys ADD COLUMN edit_token TEXT;
