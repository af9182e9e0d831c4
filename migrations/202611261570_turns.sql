-- When each part of a run was last served: what a run has no time for comes first in the next.

CREATE TABLE turns (
    rotation TEXT NOT NULL,
    part TEXT NOT NULL,
    served_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (rotation, part)
);
