"""The Rust comenq: its clients are served, and its queue is imported."""
