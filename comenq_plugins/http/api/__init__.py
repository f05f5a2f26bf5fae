"""The API: JSON over HTTP, described by OpenAPI."""
