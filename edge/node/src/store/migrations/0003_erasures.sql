-- Streams whose personal parts are erased, and orders by whom they are about.

CREATE TABLE erasers (id INTEGER PRIMARY KEY, certificate BLOB NOT NULL UNIQUE);

-- `entry` is the position of the entry that erases, none while its word alone has come ahead of it. `pending` is
-- the position from which the stream's entries are still to be stripped, backwards; none when all of them are.
CREATE TABLE erasures (
    stream    INTEGER PRIMARY KEY REFERENCES streams,
    entry     INTEGER,
    eraser    INTEGER NOT NULL REFERENCES erasers,
    signature BLOB    NOT NULL,
    pending   INTEGER
);
CREATE INDEX erasures_ahead ON erasures (stream) WHERE entry IS NULL;
CREATE INDEX erasures_pending ON erasures (stream) WHERE pending IS NOT NULL;

-- A projection.
CREATE TABLE registrants (stream INTEGER PRIMARY KEY REFERENCES streams, attendee BLOB, email_key TEXT);
CREATE INDEX registrants_by_attendee ON registrants (attendee) WHERE attendee IS NOT NULL;
CREATE INDEX registrants_by_email ON registrants (email_key) WHERE email_key IS NOT NULL;

INSERT INTO registrants (stream, attendee, email_key)
SELECT stream, attendee, email_key FROM (
    SELECT t.stream, unhex(json_extract(CAST(t.state AS TEXT), '$.attendee')) AS attendee,
           lower(trim(json_extract(CAST(t.state AS TEXT), '$.registrant.email'))) AS email_key
    FROM states t JOIN streams s ON s.id = t.stream
    WHERE s.category = 'order' AND t.state IS NOT NULL)
WHERE attendee IS NOT NULL OR email_key IS NOT NULL;
