"""What people and monitoring read of a status, a job or a lane: in words, and as metrics."""
