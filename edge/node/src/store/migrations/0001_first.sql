-- The replicated log, tables that never leave the node, and the projections of the log.

CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

-- Log -----------------------------------------------------------------------------------------

CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE logs (
    id          INTEGER PRIMARY KEY,
    node        BLOB    NOT NULL,
    epoch       INTEGER NOT NULL, -- the unsigned number's bits
    name        TEXT    NOT NULL,
    authority   INTEGER NOT NULL,
    certificate BLOB    NOT NULL,
    UNIQUE (node, epoch)
);

-- The key is '' for a category with one stream, text, or 16 bytes: in SQLite's order of types, as in names.
CREATE TABLE streams (
    id       INTEGER PRIMARY KEY,
    category TEXT NOT NULL,
    key      NOT NULL,
    UNIQUE (category, key)
);

-- In order of arrival. `previous` is the position of the stream's entry that arrived before, so a stream is
-- read without an index over random stream ids.
CREATE TABLE entries (
    pos           INTEGER PRIMARY KEY,
    log           INTEGER NOT NULL REFERENCES logs,
    seq           INTEGER NOT NULL,
    stream        INTEGER NOT NULL REFERENCES streams,
    previous      INTEGER,
    kind          INTEGER NOT NULL REFERENCES kinds,
    lamport       INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL,
    header        BLOB    NOT NULL,
    facts_salt    BLOB,
    facts         BLOB,
    personal_salt BLOB,
    personal      BLOB,
    hash          BLOB    NOT NULL,
    signature     BLOB
);
CREATE UNIQUE INDEX entries_by_log ON entries (log, seq);

-- What the entries of a log had seen of another one, from a sequence number on.
CREATE TABLE contexts (
    log         INTEGER NOT NULL,
    peer        INTEGER NOT NULL,
    from_seq    INTEGER NOT NULL,
    peer_seq    INTEGER NOT NULL,
    peer_prefix BLOB    NOT NULL,
    PRIMARY KEY (log, peer, from_seq)
) WITHOUT ROWID;

-- In order of arrival, with a narrow index over the random ids: half the pages of a table by id.
CREATE TABLE outcomes (
    id      INTEGER PRIMARY KEY,
    command BLOB NOT NULL UNIQUE,
    body    BLOB NOT NULL,
    outcome BLOB NOT NULL
);

-- For people and reports.
CREATE VIEW events AS
SELECT e.pos, lower(hex(l.node)) AS node, l.name AS node_name, e.seq, s.category, s.key, k.name AS kind, e.lamport,
       e.at_ms, CAST(e.facts AS TEXT) AS facts, CAST(e.personal AS TEXT) AS personal
FROM entries e JOIN logs l ON l.id = e.log JOIN streams s ON s.id = e.stream JOIN kinds k ON k.id = e.kind;

-- Local: never leaves the node ----------------------------------------------------------------

CREATE TABLE print_jobs (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    attendee      BLOB    NOT NULL,
    badge_code    TEXT    NOT NULL UNIQUE,
    desk          TEXT    NOT NULL,
    printer       TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    reason        TEXT,
    question      TEXT,
    queued_at_ms  INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
);
CREATE INDEX print_jobs_open ON print_jobs (state) WHERE state IN ('queued', 'printing', 'waiting', 'failed');

CREATE TABLE desk_settings (desk TEXT PRIMARY KEY, printer TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE sign_in_back_off (subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE peers (node BLOB PRIMARY KEY, vector BLOB NOT NULL, heard_at_ms INTEGER NOT NULL) WITHOUT ROWID;

-- Projections: may be dropped and made again from the log -------------------------------------

-- An attendee's first row has room for what the door adds, so that a check-in changes one page and splits none.
CREATE TABLE states (
    stream       INTEGER PRIMARY KEY REFERENCES streams,
    last_pos     INTEGER NOT NULL,
    last_lamport INTEGER NOT NULL,
    last_log     INTEGER NOT NULL,
    last_seq     INTEGER NOT NULL,
    readable     INTEGER NOT NULL,
    unknown      INTEGER NOT NULL,
    standing     INTEGER,
    state        BLOB,
    room         BLOB
);

-- Entries of tallied streams that were applied, once each.
CREATE TABLE tallied (
    command BLOB    NOT NULL,
    idx     INTEGER NOT NULL,
    PRIMARY KEY (command, idx)
) WITHOUT ROWID;

CREATE TABLE arrivals (standing INTEGER PRIMARY KEY, attendees INTEGER NOT NULL);

CREATE TABLE attendees (stream INTEGER PRIMARY KEY REFERENCES streams, name_key TEXT, email_key TEXT);
CREATE INDEX attendees_by_name ON attendees (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX attendees_by_email ON attendees (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE codes (
    code   TEXT    NOT NULL,
    stream INTEGER NOT NULL REFERENCES streams,
    badge  TEXT,
    PRIMARY KEY (code, stream)
) WITHOUT ROWID;

-- What attendees and orders are found by; the row is the stream.
CREATE VIRTUAL TABLE search USING fts5(
    words, content='', contentless_delete=1, detail=none,
    tokenize='ascii', prefix='1 2 3 4 5 6 7 8 9 10 11');

-- Orders whose owner has to give seats back, and from when on.
CREATE TABLE holds (stream INTEGER PRIMARY KEY REFERENCES streams, owner TEXT NOT NULL, until_ms INTEGER NOT NULL);
CREATE INDEX holds_by_end ON holds (until_ms);

CREATE TABLE conflicts (
    id           BLOB PRIMARY KEY,
    stream       INTEGER NOT NULL REFERENCES streams,
    open         INTEGER NOT NULL,
    opened_at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX conflicts_by_stream ON conflicts (stream);
