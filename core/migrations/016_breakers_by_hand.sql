-- A pause that an operator wanted is no trouble of the site.
ALTER TABLE breakers ADD COLUMN by_hand BOOLEAN NOT NULL DEFAULT FALSE;
