"""Requests to GitHub and what its responses mean."""
