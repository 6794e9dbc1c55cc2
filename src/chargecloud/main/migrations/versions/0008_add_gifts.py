"""add_gifts"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CHECKS = {
    "wallets": {"gift": "gift_fen >= 0", "arrears_before_gift": "gift_fen = 0 OR arrears_fen = 0"},
    "wallet_holds": {"gift": "gift_fen >= 0 AND gift_fen <= amount_fen"},
}


def upgrade() -> None:
    # A column with what has to be true of it in one statement: SQLite takes checks of a table with a new column only,
    # a server checks between columns only beside it.
    for table, checks in CHECKS.items():
        named = {f"ck_{table}_{name}": condition for name, condition in checks.items()}
        column = f"ALTER TABLE {table} ADD COLUMN gift_fen BIGINT DEFAULT '0' NOT NULL"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(" ".join([column, *(f"CONSTRAINT {name} CHECK ({check})" for name, check in named.items())]))
        else:
            op.execute(", ".join([column, *(f"ADD CONSTRAINT {name} CHECK ({check})" for name, check in named.items())]))


def downgrade() -> None:
    for table, checks in CHECKS.items():
        if op.get_bind().dialect.name != "sqlite":
            for name in checks:
                op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("gift_fen")
