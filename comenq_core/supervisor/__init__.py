"""supervisord, which keeps the listener and the worker running, and reports to systemd."""
