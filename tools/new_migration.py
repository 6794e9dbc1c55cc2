"""Writes the one initial migration anew from the tables in code; until the first release there is no other."""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from chargecloud.main.schema import SCRIPTS, configuration

REVISION = "0001"


def main() -> None:
    for old in (SCRIPTS / "versions").glob("*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as directory:
        engine = create_engine(f"sqlite:///{Path(directory).as_posix()}/empty.db")
        with engine.connect() as connection:
            command.revision(configuration(connection), "initial", autogenerate=True, rev_id=REVISION)
        engine.dispose()
    (written,) = (SCRIPTS / "versions").glob("*.py")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--no-force-exclude", str(written)], check=True)
    print(f"wrote {written.name}")


if __name__ == "__main__":
    main()
