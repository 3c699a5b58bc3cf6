-- Which ends of cookie files the owner has heard of.
CREATE TABLE cookie_notices (
    site TEXT NOT NULL,
    name TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (site, name)
);
