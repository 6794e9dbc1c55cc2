"""A server that cannot be asked for its schema is named with what to look at."""

import pytest

from chargecloud.kernel.errors import Unavailable
from chargecloud.main import schema, schema_server, schema_state
from tests.support.mariadb import own_database_now


@pytest.mark.parametrize("look", [schema_state.revision, schema.upgrade, schema.drift])
def test_nobody_there(look: object) -> None:
    assert callable(look)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/x cannot be used.*the user's grants") as caught:
        look("mysql://somebody:secret@127.0.0.1:1/x")
    assert "secret" not in caught.value.message


@pytest.mark.connected
def test_an_empty_database_has_no_revision_and_keeps_none() -> None:
    with own_database_now() as url:
        assert schema_state.revision(url) == ""
        assert schema_server.on_server(url, lambda c: c.exec_driver_sql("SHOW TABLES").fetchall()) == []


@pytest.mark.connected
def test_a_database_of_a_newer_version_is_left_alone() -> None:
    with own_database_now() as url:
        schema.upgrade(url)
        schema_server.on_server(url, lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
        for look in (schema.upgrade, schema_state.revision):
            with pytest.raises(Unavailable, match=r"9999.*newer"):
                look(url)
