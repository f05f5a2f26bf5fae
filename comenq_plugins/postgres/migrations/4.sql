-- Whether a person has seen that the job has failed; a failed comment that nobody has seen is kept.
ALTER TABLE job ADD COLUMN seen boolean NOT NULL DEFAULT false;
CREATE INDEX ON job (settled) WHERE state = 'failed' AND NOT seen;
