-- The program's own words replace those of version 1.
ALTER SEQUENCE line RENAME TO place;
ALTER TABLE job RENAME COLUMN lent_until TO leased_until;
ALTER TABLE account RENAME COLUMN lent_until TO leased_until;
UPDATE job SET state = 'checking' WHERE state = 'doubtful';
