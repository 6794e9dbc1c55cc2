"""The committed migration is what the generator writes from the tables in code; until the first release it is one."""

from tools import new_migration


def test_the_initial_migration_is_up_to_date() -> None:
    (committed,) = new_migration.VERSIONS.glob("*.py")
    assert committed.read_text("utf-8") == new_migration.render(), "run `make migration`"


def test_types_are_written_in_short_forms() -> None:
    (committed,) = new_migration.VERSIONS.glob("*.py")
    body = committed.read_text("utf-8").partition("def upgrade")[2]
    assert "code(" in body
    assert "with_variant" not in body
