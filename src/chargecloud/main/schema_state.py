"""Which schema a database has and which one this program needs, without loading what can change it.

A warm start looks here and nowhere else; the migrations' machinery costs a good part of a second to import.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from chargecloud.kernel.errors import Unavailable, Unsupported

VERSIONS = Path(__file__).parent / "migrations" / "versions"
BUSY_TIMEOUT_S = 30


def known() -> list[str]:
    """Every revision of this program, oldest first; a migration's file name begins with its number."""
    return sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))


def newest() -> str:
    """The revision this program needs."""
    return known()[-1]


def revision(url: str) -> str:
    """The revision the database has, "" when it is empty or absent; refused when this program does not know it."""
    if is_server(url):
        from chargecloud.main import schema_server

        found = schema_server.revision(url)
    else:
        found = _revision_of_file(url)
    refuse_unknown(found, url)
    return found


def _revision_of_file(url: str) -> str:
    path = path_of(url)
    if path is None or not path.exists():
        return ""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
        ) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return ""
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise unusable(url, error) from None
    return str(row[0]) if row else ""


def refuse_unknown(found: str, url: str) -> None:
    """A database written by a newer version is left alone."""
    if found and found not in known():
        raise Unavailable(
            f"the database {make_url(url).render_as_string()} has schema {found}, which this version does not know: "
            "it was written by a newer chargecloud; install that version, or restore a backup made before the upgrade",
            "schema_unknown",
        )


def is_server(url: str) -> bool:
    """Whether the URL names a MySQL or MariaDB server rather than a file."""
    return make_url(url).get_backend_name() in ("mysql", "mariadb")


def path_of(url: str) -> Path | None:
    """The file of a SQLite URL, None for one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise Unsupported(
            f"{parsed.get_backend_name()}: only SQLite, MySQL and MariaDB are supported", "database_unknown"
        )
    return Path(parsed.database) if parsed.database and parsed.database != ":memory:" else None


def unusable(url: str, error: BaseException | None) -> Unavailable:
    """Why a database cannot be used, and where to look."""
    shown = make_url(url).render_as_string()
    where = "the server and the user's grants" if is_server(url) else "the path, its permissions and its disk"
    return Unavailable(f"the database {shown} cannot be used: {error}; check {where}", "database_unavailable")
