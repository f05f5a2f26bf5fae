"""The daemon's command, `comenqd`: its subcommands, and the checks before it starts."""
