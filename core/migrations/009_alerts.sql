-- What rules of alerts must not forget over a restart; a rule that never spoke has no row.
CREATE TABLE alerts (
    name TEXT PRIMARY KEY,
    active BOOLEAN NOT NULL,
    since DOUBLE PRECISION NOT NULL,
    told_at DOUBLE PRECISION
);
