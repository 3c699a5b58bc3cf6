-- Many items in one order: what was ordered, each item that was read of it, and which job serves which item.
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    front TEXT NOT NULL,
    title TEXT NOT NULL,
    quality TEXT NOT NULL,
    user_id BIGINT,
    target TEXT NOT NULL,
    listing TEXT,
    ranges TEXT NOT NULL,
    read_to BIGINT NOT NULL,
    total INTEGER,
    state TEXT NOT NULL,
    told INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX batches_by_state ON batches (state, updated_at);

CREATE TABLE batch_items (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    link TEXT,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    job_id TEXT NOT NULL,
    error_code TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
);

ALTER TABLE jobs ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN batch_position INTEGER NOT NULL DEFAULT 0;
-- An item is never two jobs, whatever dies between writing the job and noting it.
CREATE UNIQUE INDEX jobs_by_batch ON jobs (batch, batch_position) WHERE batch <> '';
