"""What Alembic runs: the connection comes from `chargecloud.main.schema`, the tables from the features."""

from alembic import context
from sqlalchemy import Connection

from chargecloud.main.tables import metadata

connection: Connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata(),
    transactional_ddl=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
