-- The words of version 1 give way to those that the program has for the same things.
ALTER SEQUENCE line RENAME TO place;
ALTER TABLE job RENAME COLUMN lent_until TO leased_until;
ALTER TABLE account RENAME COLUMN lent_until TO leased_until;
UPDATE job SET state = 'checking' WHERE state = 'doubtful';
