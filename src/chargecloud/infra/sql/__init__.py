"""Database access: engine, unit of work, outbox."""
