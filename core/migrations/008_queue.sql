-- The queue: who works on a job and until when, how often it died, whose turn it is; what failed for good; figures per day.
ALTER TABLE jobs ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN lease_until DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN light INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN suspicions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN began_at DOUBLE PRECISION;
ALTER TABLE jobs ADD COLUMN sending_at DOUBLE PRECISION;
ALTER TABLE jobs ADD COLUMN size_bytes BIGINT;
CREATE INDEX jobs_by_end ON jobs (state, updated_at);

CREATE TABLE queue_turns (
    person BIGINT PRIMARY KEY, -- user id, 0 for the visitors of the page
    turn BIGINT NOT NULL
);

CREATE TABLE job_days (
    day TEXT NOT NULL, -- UTC, 2026-01-31
    platform TEXT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL, -- from accepted to done, summed
    PRIMARY KEY (day, platform)
);

CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY, -- that of the job
    front TEXT NOT NULL,
    link TEXT NOT NULL,
    canonical TEXT NOT NULL,
    quality TEXT NOT NULL,
    part TEXT NOT NULL,
    title TEXT NOT NULL,
    user_id BIGINT,
    target TEXT NOT NULL,
    random_id BIGINT NOT NULL,
    batch TEXT NOT NULL,
    batch_position INTEGER NOT NULL,
    size_bytes BIGINT,
    error_code TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    died_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX dead_letters_by_time ON dead_letters (died_at);

ALTER TABLE stored_files ADD COLUMN used_at DOUBLE PRECISION NOT NULL DEFAULT 0;
UPDATE stored_files SET used_at = stored_at;
CREATE INDEX stored_files_by_use ON stored_files (used_at);
