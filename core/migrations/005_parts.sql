-- A part of an item (a clip, so many minutes of a running stream) is another job and another stored file than the whole.
ALTER TABLE jobs ADD COLUMN part TEXT NOT NULL DEFAULT '';

ALTER TABLE stored_files RENAME TO stored_wholes;
CREATE TABLE stored_files (
    canonical TEXT NOT NULL,
    quality TEXT NOT NULL,
    part TEXT NOT NULL,
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
    PRIMARY KEY (canonical, quality, part, position)
);
INSERT INTO stored_files (canonical, quality, part, position, file_id, chat_id, message_id, kind, size_bytes, width,
    height, duration_seconds, title, performer, stored_at)
SELECT canonical, quality, '', position, file_id, chat_id, message_id, kind, size_bytes, width,
    height, duration_seconds, title, performer, stored_at FROM stored_wholes;
DROP TABLE stored_wholes;
