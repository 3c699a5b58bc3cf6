-- Offers are swept by age while the process runs, without reading the media they hold.
CREATE INDEX offers_by_time ON offers (created_at);
