-- What a snapshot brought, while the entries it was folded from are still to come.

-- Up to where each log was folded. Positions up to the sum of these are kept free for the entries; where a stream leads
-- to entries that are not here, its state and links name position 0.
CREATE TABLE base (
    log       INTEGER PRIMARY KEY REFERENCES logs,
    seq       INTEGER NOT NULL,
    lamport   INTEGER NOT NULL,
    hash      BLOB    NOT NULL,
    signature BLOB    NOT NULL
);

-- Streams that wait to be folded anew: those with a number of the snapshot until its entries are here, others because they
-- are long.
CREATE TABLE pending (stream INTEGER PRIMARY KEY REFERENCES streams);
