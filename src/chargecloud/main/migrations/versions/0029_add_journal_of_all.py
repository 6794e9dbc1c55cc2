"""add_journal_of_all"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def code(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


AT_ONCE = 20_000
"""Rows that are changed and locked together, so that processes which go on writing meanwhile hardly wait."""
GUARD = "tr_wallet_transfers_no_update"
REFUSE = "'wallet_transfers is append-only'"
OWNERS = """
    UPDATE wallet_transfers
    SET operator_id = (SELECT drivers.operator_id FROM drivers WHERE drivers.id = wallet_transfers.driver_id)
    WHERE id > {after} AND id <= {until}"""
OF_OLD_PROCESSES = """
    CREATE TRIGGER tr_wallet_transfers_operator BEFORE INSERT ON wallet_transfers FOR EACH ROW
    SET NEW.operator_id = COALESCE(NEW.operator_id, (SELECT operator_id FROM drivers WHERE id = NEW.driver_id))"""
"""Processes of the version before go on with this schema, and do not know the column. Not needed once none of them can
run: a later migration may drop it."""


def name_operators(*, server: bool) -> None:
    """Transfers that are there get their driver's operator, which never changes; the guard is lifted for that alone."""
    op.execute(f"DROP TRIGGER IF EXISTS {GUARD}")
    newest = op.get_bind().execute(sa.text("SELECT MAX(id) FROM wallet_transfers")).scalar() or 0
    for after in range(0, newest, AT_ONCE):
        op.execute(OWNERS.format(after=after, until=after + AT_ONCE))
        if server:
            op.execute("COMMIT")
    guard = f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON wallet_transfers"
    if server:
        op.execute(f"{guard} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {REFUSE}")
    else:
        op.execute(f"{guard} BEGIN SELECT RAISE(ABORT, {REFUSE}); END")


def upgrade() -> None:
    server = op.get_bind().dialect.name != "sqlite"
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("operator_id", sa.BigInteger(), nullable=True))
    if server:
        op.execute(OF_OLD_PROCESSES)
    name_operators(server=server)
    # Made once all rows have their values, which is several times faster.
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.create_index("ix_wallet_transfers_operator_id_at_ms", ["operator_id", "at_ms"], unique=False)
        batch_op.create_index(
            "ix_wallet_transfers_operator_id_purpose_at_ms", ["operator_id", "purpose", "at_ms"], unique=False
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER IF EXISTS tr_wallet_transfers_operator")
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_wallet_transfers_operator_id_purpose_at_ms")
        batch_op.drop_index("ix_wallet_transfers_operator_id_at_ms")
        batch_op.drop_column("operator_id")
