-- Commands have random ids, so each new one goes to another page of their index. The index is written for several hundred
-- outcomes at once; the last ones, which are not in it, are known in memory. `id` stays in order of time.
CREATE TABLE outcomes_new (
    id      INTEGER PRIMARY KEY,
    command BLOB NOT NULL,
    body    BLOB NOT NULL,
    outcome BLOB NOT NULL,
    seal    BLOB
);
INSERT INTO outcomes_new (id, command, body, outcome, seal) SELECT id, command, body, outcome, seal FROM outcomes;
DROP TABLE outcomes;
ALTER TABLE outcomes_new RENAME TO outcomes;

CREATE TABLE outcomes_by_command (command BLOB PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO outcomes_by_command (command, id) SELECT command, id FROM outcomes ORDER BY command;
INSERT INTO meta (name, value) SELECT 'outcomes_indexed', coalesce(max(id), 0) FROM outcomes;
