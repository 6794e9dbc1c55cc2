"""Writes the migration that brings the newest schema to what the tables in code declare: `make migration NAME=…`."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from chargecloud.main import schema
from chargecloud.main.schema import SCRIPTS, configuration
from chargecloud.main.schema_state import newest

VERSIONS = SCRIPTS / "versions"
NAME = re.compile(r"[a-z][a-z0-9_]{2,40}")


def differences() -> list[str]:
    """What the tables in code have and the migrations do not build, or the other way round."""
    with tempfile.TemporaryDirectory() as directory:
        return schema.drift(_migrated(Path(directory)))


def render(name: str) -> str:
    """The text of the next migration."""
    with tempfile.TemporaryDirectory() as directory:
        engine = create_engine(_migrated(Path(directory)))
        written = Path(directory) / "versions"
        written.mkdir()
        with engine.connect() as connection:
            config = configuration(connection)
            config.set_main_option("version_locations", f"{VERSIONS}{os.pathsep}{written}")
            command.revision(config, name, autogenerate=True, rev_id=next_number(), version_path=str(written))
        engine.dispose()
        (file,) = written.glob("*.py")
        ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", "--line-length", "120", str(file)]
        subprocess.run(ruff, check=True)
        return file.read_text("utf-8")


def next_number() -> str:
    """One more than the newest."""
    return f"{int(newest()) + 1:04d}"


def _migrated(directory: Path) -> str:
    url = f"sqlite:///{directory.as_posix()}/newest.db"
    schema.upgrade(url)
    return url


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not NAME.fullmatch(arguments[0]):
        print("say what it does, in small letters: make migration NAME=add_something", file=sys.stderr)
        return 2
    if not differences():
        print("the migrations build what the tables in code declare; there is nothing to write", file=sys.stderr)
        return 1
    target = VERSIONS / f"{next_number()}_{arguments[0]}.py"
    target.write_text(render(arguments[0]), "utf-8")
    print(f"wrote {target.name}; read it before you commit it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
