-- Later tries and streams that somebody waits for; a row leaves when it has been dealt with.
CREATE TABLE reminders (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    target TEXT NOT NULL,
    link TEXT NOT NULL,
    quality TEXT NOT NULL,
    title TEXT NOT NULL,
    random_id BIGINT NOT NULL,
    due_at DOUBLE PRECISION NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    tries INTEGER NOT NULL,
    firing INTEGER NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX reminders_by_time ON reminders (due_at);
CREATE INDEX reminders_by_user ON reminders (user_id);
