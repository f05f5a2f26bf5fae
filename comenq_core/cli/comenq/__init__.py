"""The client, `comenq`: a module for each command, and what they share."""
