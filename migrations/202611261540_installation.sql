-- Which installation this database belongs to. Its orders carry a marker made of it, so that two installations that
-- trade on one wallet see each other.

CREATE TABLE installation (
    is_the_one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_the_one),
    installation_id UUID NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO installation DEFAULT VALUES;
