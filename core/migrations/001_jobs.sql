-- Accepted work, the files Telegram keeps for us, and the menus that people were offered.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    front TEXT NOT NULL,
    link TEXT NOT NULL,
    canonical TEXT NOT NULL,
    quality TEXT NOT NULL,
    title TEXT NOT NULL,
    user_id BIGINT,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    random_id BIGINT NOT NULL,
    error_code TEXT,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_user ON jobs (user_id, state);

CREATE TABLE stored_files (
    canonical TEXT NOT NULL,
    quality TEXT NOT NULL,
    position INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    chat_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    width INTEGER,
    height INTEGER,
    duration_seconds DOUBLE PRECISION,
    title TEXT NOT NULL,
    performer TEXT NOT NULL,
    stored_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (canonical, quality, position)
);

CREATE TABLE offers (
    token TEXT PRIMARY KEY,
    user_id BIGINT,
    link TEXT NOT NULL,
    media TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
