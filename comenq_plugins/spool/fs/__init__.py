"""The file system: durable writes, locks, watches, and reading what others could have made."""
