"""Migrations: what they build is what the code declares, once, whole, and only for databases this version knows."""

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from chargecloud.kernel.errors import Unavailable, Unsupported
from chargecloud.main import schema, schema_state
from chargecloud.main.tables import metadata


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'new' / 'chargecloud.db').as_posix()}"


_PARTS = re.compile(r",\s*\n|\n|, (?=\w+ [A-Z])| (?=CONSTRAINT ck_)")
"""Lines, and columns with their checks that SQLite wrote behind another because they were added later."""


def declared(path: Path) -> dict[str, list[str]]:
    """Each table and index with its parts, in an order that does not depend on who wrote them."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        name: sorted(part.strip() for part in _PARTS.split(sql.replace('"', "")) if part.strip(" ()"))
        for name, sql in rows
        if name != "alembic_version"
    }


def test_migrations_build_exactly_what_the_code_declares(url: str, tmp_path: Path) -> None:
    assert schema.upgrade(url) == ("", schema_state.newest())
    engine = create_engine(f"sqlite:///{(tmp_path / 'direct.db').as_posix()}")
    metadata().create_all(engine)
    engine.dispose()
    assert declared(tmp_path / "new" / "chargecloud.db") == declared(tmp_path / "direct.db"), (
        "run `make migration NAME=…`"
    )
    assert schema.drift(url) == []


@pytest.fixture
def migrated(url: str, newest_database: Path) -> str:
    """The URL of a database that has been migrated before."""
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir()
    shutil.copy(newest_database, path)
    return url


def test_migrating_again_changes_nothing(migrated: str) -> None:
    url = migrated
    assert schema.upgrade(url) == (schema_state.newest(), schema_state.newest())
    assert schema_state.revision(url) == schema_state.newest()


def test_an_absent_database_has_no_revision_and_is_not_created_by_looking(url: str, tmp_path: Path) -> None:
    assert schema_state.revision(url) == ""
    assert not (tmp_path / "new").exists()


def test_a_database_of_a_newer_version_is_left_alone(migrated: str, tmp_path: Path) -> None:
    url = migrated
    with closing(sqlite3.connect(tmp_path / "new" / "chargecloud.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for look in (schema.upgrade, schema_state.revision):
        with pytest.raises(Unavailable, match=r"9999.*newer"):
            look(url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database, however long one looks at it" * 50)
    with pytest.raises(Unavailable, match=r"x\.db"):
        schema.upgrade(f"sqlite:///{(tmp_path / 'x.db').as_posix()}")


def test_a_database_nobody_supports_is_refused() -> None:
    with pytest.raises(Unsupported, match="only SQLite, MySQL and MariaDB"):
        schema.upgrade("postgresql://someone@127.0.0.1/x")


def test_a_migration_killed_half_way_leaves_nothing(url: str, tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from alembic import op\n"
        "from chargecloud.main import schema\n"
        "made = op.create_index\n"
        "op.create_index = lambda *a, **k: os._exit(9)\n"
        "schema.upgrade(sys.argv[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, url], check=False, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 9, done.stderr
    with closing(sqlite3.connect(tmp_path / "new" / "chargecloud.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    assert schema.upgrade(url) == ("", schema_state.newest())


def test_file_names_tell_the_revisions() -> None:
    scripts = ScriptDirectory.from_config(schema.configuration())
    assert schema_state.newest() == scripts.get_current_head()
    assert set(schema_state.known()) == {script.revision for script in scripts.walk_revisions()}
