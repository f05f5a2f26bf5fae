-- The pull request in lower case: owner/repo#number. 3.repeat.sql fills it in.
ALTER TABLE job ADD COLUMN target text;
CREATE INDEX ON job (target);

-- What is known of jobs that are no longer in the history: whose key was used, and which comments
-- they have posted. The columns are as in the table job.
CREATE TABLE remembered (
    id text COLLATE "C" PRIMARY KEY,
    target text,
    digest text NOT NULL,
    state text NOT NULL,
    settled timestamptz NOT NULL,
    story json NOT NULL
);
CREATE INDEX ON remembered (target);
CREATE INDEX ON remembered (settled);

-- What the clock showed to workers: a later reading has to agree before what is old is deleted.
CREATE TABLE clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    readings json NOT NULL DEFAULT '[]'
);
INSERT INTO clock DEFAULT VALUES;
