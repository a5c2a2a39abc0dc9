PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS join_codes (
    code_hash  BLOB PRIMARY KEY,
    conference TEXT NOT NULL,
    node_name  TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_ms    INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS serials (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO serials (only, last) VALUES (1, 0);
