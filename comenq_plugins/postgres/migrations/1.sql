-- Numbers for places in the queue: larger ones are behind, negative ones ahead.
CREATE SEQUENCE line;

CREATE TABLE job (
    id text COLLATE "C" PRIMARY KEY,
    -- json keeps a body's every character; jsonb cannot hold U+0000.
    request json,
    story json NOT NULL,
    -- What is searched for stands in the story too.
    state text NOT NULL,
    digest text NOT NULL,
    place bigint NOT NULL,
    due timestamptz,
    settled timestamptz,
    -- Which worker has the job, for which account it posts, and until when.
    holder text,
    account text NOT NULL DEFAULT '',
    lent_until timestamptz
);
CREATE INDEX ON job (place) WHERE state = 'waiting' AND due IS NULL;
CREATE INDEX ON job (due) WHERE state = 'waiting' AND due IS NOT NULL;
CREATE INDEX ON job (digest) WHERE settled IS NULL;
CREATE INDEX ON job (settled, id) WHERE settled IS NOT NULL;
CREATE INDEX ON job (state);

CREATE TABLE account (
    name text PRIMARY KEY,
    pacing json,
    holder text,
    lent_until timestamptz
);

-- One row, so that a claim can lock it, and a pause wait for the claims under way.
CREATE TABLE pause (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    pause json
);
INSERT INTO pause DEFAULT VALUES;

CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA, '');
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON job
    FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON account
    FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON pause
    FOR EACH ROW EXECUTE FUNCTION tell();
