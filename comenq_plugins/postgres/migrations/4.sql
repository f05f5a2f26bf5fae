-- What each worker does, as it has reported last.
CREATE TABLE worker (
    place text PRIMARY KEY,
    activity json NOT NULL,
    reported timestamptz NOT NULL
);
