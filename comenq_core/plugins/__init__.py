"""Finding the installed plugins, and selecting among what they offer."""
