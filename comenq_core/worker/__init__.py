"""The worker process: takes jobs from the store to the forge."""
