-- Which batch was ordered where is what the table of batches knows.
ALTER TABLE batch_menus DROP COLUMN batch_id;
