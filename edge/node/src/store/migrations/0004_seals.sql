-- The first 8 bytes of a hash over the row, so that damage shows. Rows of earlier versions have none.
ALTER TABLE outcomes ADD COLUMN seal BLOB;
