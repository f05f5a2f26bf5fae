"""Decisions as pure functions: when to post, when to retry, how long to back off."""
