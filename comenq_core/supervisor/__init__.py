"""How supervisord runs the listener and the worker, and what it tells systemd."""
