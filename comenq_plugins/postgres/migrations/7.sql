-- Requests may be replies in review threads, which the versions before know nothing of.
SELECT 1;
