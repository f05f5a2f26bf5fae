-- Jobs may be in the state `deleted`, of which the versions before know nothing: their keys are free.
CREATE INDEX ON job (settled) WHERE state = 'deleted';
