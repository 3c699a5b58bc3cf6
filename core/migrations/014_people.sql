-- Whom the owner let in: what they are called, links that let in whoever opens them first, strangers the owner heard of.
ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';

CREATE TABLE invites (
    token_hash TEXT PRIMARY KEY,
    until DOUBLE PRECISION NOT NULL
);

CREATE TABLE strangers (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    asked_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX strangers_by_time ON strangers (asked_at);
-- In which message of which chat an offer stands, and beneath which one; only there are its buttons pressed.
ALTER TABLE offers ADD COLUMN chat_id BIGINT;
ALTER TABLE offers ADD COLUMN message_id BIGINT;
ALTER TABLE offers ADD COLUMN reply_to BIGINT;
CREATE INDEX offers_by_place ON offers (chat_id, reply_to);
