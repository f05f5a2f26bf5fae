"""The commands `comenq` (client) and `comenqd` (daemon)."""
