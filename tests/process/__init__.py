"""Tests of the daemon as its users run it: real processes, real signals, real HTTP."""
