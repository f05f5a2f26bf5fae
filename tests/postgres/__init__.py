"""Tests of the store in PostgreSQL, on real servers that they start themselves."""
