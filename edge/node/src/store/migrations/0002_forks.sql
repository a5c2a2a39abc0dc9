-- Logs of which two branches were found, with the first sequence number that differs.
CREATE TABLE forks (
    node     BLOB    NOT NULL,
    epoch    INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    PRIMARY KEY (node, epoch)
) WITHOUT ROWID;

-- Entries of branches that do not stand: what they said was written again.
CREATE TABLE set_aside (
    pos     INTEGER PRIMARY KEY,
    log     INTEGER NOT NULL REFERENCES logs,
    seq     INTEGER NOT NULL,
    hash    BLOB    NOT NULL
);

-- Logs that HQ ended, and nodes that it retired: what comes after the end of a log is kept and not counted.
CREATE TABLE closed_logs (
    node    BLOB    NOT NULL,
    epoch   INTEGER NOT NULL,
    end_seq INTEGER NOT NULL,
    PRIMARY KEY (node, epoch)
) WITHOUT ROWID;
CREATE TABLE retired_nodes (node BLOB PRIMARY KEY) WITHOUT ROWID;
