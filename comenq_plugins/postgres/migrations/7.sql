-- Requests may be replies in review threads, which the versions before know nothing of. How many wait
-- is asked often, and few of them are for later.
CREATE INDEX ON job (lane) WHERE state = 'waiting' AND due IS NOT NULL;
