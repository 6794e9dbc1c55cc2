"""Where the servers of the connected tests answer: as Debian ships them, on their usual ports."""

MARIADB_URL = "mysql://root@127.0.0.1:3306"
"""Without a database: every test makes one of its own and drops it."""
REDIS_URL = "redis://127.0.0.1:6379/0"
"""Shared: every test takes a key prefix of its own and never flushes."""
RABBITMQ_URL = "amqp://guest:guest@127.0.0.1:5672"
"""Without a virtual host: every test makes one of its own with `rabbitmqctl`, or names of its own, and removes them."""
