-- Circuit breakers that were open when last saved. A closed one has no row.
CREATE TABLE breakers (
    name TEXT PRIMARY KEY,
    remaining_seconds DOUBLE PRECISION, -- at saved_at; NULL while an operator holds it open
    streak INTEGER NOT NULL,
    saved_at DOUBLE PRECISION NOT NULL
);
