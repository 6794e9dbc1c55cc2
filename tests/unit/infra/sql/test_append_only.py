"""Guards of append-only tables: they refuse, they survive being installed twice, they are where they belong."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from chargecloud.infra.sql import append_only
from chargecloud.main.tables import metadata


def test_rows_are_added_and_never_changed_or_removed() -> None:
    engine = create_engine("sqlite://")
    metadata().create_all(engine)
    values = ", ".join(["1", "NULL", "1"] + ["''"] * 9 + ["NULL"] * 3)
    with engine.connect() as connection:
        append_only.protect(connection)
        connection.exec_driver_sql(f"INSERT INTO audit_log VALUES ({values})")
        for statement in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"):
            with pytest.raises(IntegrityError, match="audit_log is append-only"):
                connection.exec_driver_sql(statement)
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_log").scalar_one() == 1
    engine.dispose()


def test_what_is_written_down_about_money_and_acts_is_protected() -> None:
    metadata()
    protected = {table.name for table in append_only.append_only_tables()}
    assert protected >= {"audit_log", "wallet_transfers", "wallet_postings"}
