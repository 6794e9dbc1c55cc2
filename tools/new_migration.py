"""Writes the one initial migration anew from the tables in code; until the first release there is no other."""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from chargecloud.main.schema import SCRIPTS, configuration

REVISION = "0001"
VERSIONS = SCRIPTS / "versions"


def render() -> str:
    """The text of the initial migration, as the tables in code want it now."""
    with tempfile.TemporaryDirectory() as directory:
        engine = create_engine(f"sqlite:///{Path(directory).as_posix()}/empty.db")
        with engine.connect() as connection:
            config = configuration(connection)
            config.set_main_option("version_locations", directory)
            command.revision(config, "initial", autogenerate=True, rev_id=REVISION, version_path=directory)
        engine.dispose()
        (written,) = Path(directory).glob("*.py")
        ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", "--line-length", "120", str(written)]
        subprocess.run(ruff, check=True)
        return written.read_text("utf-8")


def main() -> None:
    text = render()
    for old in VERSIONS.glob("*.py"):
        old.unlink()
    (VERSIONS / f"{REVISION}_initial.py").write_text(text, "utf-8")
    print(f"wrote {REVISION}_initial.py")


if __name__ == "__main__":
    main()
