"""The built-in plugins: the Unix-socket intake, the spool store, the GitHub poster."""
