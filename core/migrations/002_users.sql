-- Who may use the bot, the one-time way to own it, and what the Telegram client must not forget.
CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    role TEXT NOT NULL,
    added_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE claims (
    token_hash TEXT PRIMARY KEY,
    made_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE seen_updates (
    update_key TEXT PRIMARY KEY,
    seen_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX seen_updates_by_time ON seen_updates (seen_at);

CREATE TABLE telegram_sessions (
    bot_id BIGINT PRIMARY KEY,
    sealed BYTEA NOT NULL
);

CREATE TABLE telegram_peers (
    bot_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    access_hash BIGINT NOT NULL,
    kind TEXT NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (bot_id, id)
);

CREATE TABLE telegram_states (
    bot_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    pts BIGINT,
    qts BIGINT,
    date BIGINT,
    seq BIGINT,
    PRIMARY KEY (bot_id, id)
);
