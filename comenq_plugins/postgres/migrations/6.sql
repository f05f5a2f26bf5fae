-- The key of the lane that a waiting job was in when its row was written; '' where there is one lane.
ALTER TABLE job ADD COLUMN lane bytea NOT NULL DEFAULT '';
CREATE INDEX ON job (lane, place) WHERE state = 'waiting' AND due IS NULL;

-- What is known of each lane.
CREATE TABLE lane (
    reviewer text,
    scope text,
    record json NOT NULL,
    PRIMARY KEY (reviewer, scope)
);
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON lane
    FOR EACH ROW EXECUTE FUNCTION tell();

-- What is kept of a trigger from before it is posted until its answer is known, by its job's id.
CREATE TABLE follow (
    job text COLLATE "C" PRIMARY KEY,
    record json NOT NULL
);
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON follow
    FOR EACH ROW EXECUTE FUNCTION tell();
