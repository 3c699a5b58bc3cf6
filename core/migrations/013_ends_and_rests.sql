-- Whether whoever asked has been shown the end of a job; until when an accepted one rests (0: it doesn't).
ALTER TABLE jobs ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN not_before DOUBLE PRECISION NOT NULL DEFAULT 0;
UPDATE jobs SET told = 1 WHERE state IN ('done', 'failed', 'cancelled');
