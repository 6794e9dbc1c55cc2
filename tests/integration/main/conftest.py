"""One migrated database, copied by whoever needs it."""

from pathlib import Path

import pytest

from chargecloud.main import schema


@pytest.fixture(scope="session")
def newest_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the newest schema; copy it before writing."""
    path = tmp_path_factory.mktemp("schema") / "newest.db"
    schema.upgrade(f"sqlite:///{path.as_posix()}")
    return path
