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


GUARD = "tr_wallet_transfers_no_update"
REFUSE = "'wallet_transfers is append-only'"
OWNERS = """
    UPDATE wallet_transfers
    SET operator_id = (SELECT drivers.operator_id FROM drivers WHERE drivers.id = wallet_transfers.driver_id)"""


def name_operators() -> None:
    """Transfers that are there get their driver's operator, which never changes; the guard is lifted for that alone."""
    op.execute(f"DROP TRIGGER IF EXISTS {GUARD}")
    op.execute(OWNERS)
    guard = f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON wallet_transfers"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{guard} BEGIN SELECT RAISE(ABORT, {REFUSE}); END")
    else:
        op.execute(f"{guard} FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {REFUSE}")


def upgrade() -> None:
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("operator_id", sa.BigInteger(), nullable=True))
    name_operators()
    # Made once all rows have their values, which is several times faster.
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.create_index("ix_wallet_transfers_operator_id_at_ms", ["operator_id", "at_ms"], unique=False)
        batch_op.create_index(
            "ix_wallet_transfers_operator_id_purpose_at_ms", ["operator_id", "purpose", "at_ms"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("wallet_transfers", schema=None) as batch_op:
        batch_op.drop_index("ix_wallet_transfers_operator_id_purpose_at_ms")
        batch_op.drop_index("ix_wallet_transfers_operator_id_at_ms")
        batch_op.drop_column("operator_id")
