-- Words of a snapshot that are still to be put into the full-text table, by the row they are for there.
CREATE TABLE unindexed (stream INTEGER PRIMARY KEY REFERENCES streams, words TEXT NOT NULL);
