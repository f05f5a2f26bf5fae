"""JSON in and out: what travels over the socket, and what stores keep."""
