-- Streams of which this build does not understand everything: an upgrade folds them again, and nothing else.
CREATE INDEX states_not_understood ON states (stream) WHERE unknown > 0 OR NOT readable;

-- Peers, by address, with which no common version of the protocol was found, and who has to be upgraded.
CREATE TABLE version_refusals (peer TEXT PRIMARY KEY, code TEXT NOT NULL) WITHOUT ROWID;
