"""The client, `comenq`: one module for each command, and what they share."""
