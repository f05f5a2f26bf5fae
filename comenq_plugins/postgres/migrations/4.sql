-- Whether a person has seen that the job has failed; a failed comment that nobody has seen is kept.
ALTER TABLE job ADD COLUMN seen boolean NOT NULL DEFAULT false;
CREATE INDEX ON job (settled) WHERE state = 'failed' AND NOT seen;

-- What each worker does, as it has reported last.
CREATE TABLE worker (
    place text PRIMARY KEY,
    activity json NOT NULL,
    reported timestamptz NOT NULL
);
