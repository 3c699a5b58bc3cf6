-- Menus for many items at once: their buttons outlive the process.
CREATE TABLE batch_menus (
    token TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    reply_to BIGINT,
    topic_id BIGINT,
    message_id BIGINT,
    prompt_id BIGINT,
    is_list BOOLEAN NOT NULL,
    links TEXT NOT NULL,
    title TEXT NOT NULL,
    total BIGINT,
    ranges TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX batch_menus_by_message ON batch_menus (chat_id, message_id);
CREATE INDEX batch_menus_by_time ON batch_menus (created_at);
