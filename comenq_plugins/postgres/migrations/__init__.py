"""The steps from each version of the tables to the next: ``1.sql`` makes the first."""
