"""Finding installed plugins, and choosing among what they offer."""
