"""The commands that move data as a whole: backup, restore, copy-database."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.main.cli_options import Config, settings_of, writing

if TYPE_CHECKING:
    from chargecloud.main.backup import Copy


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for command in (backup, restore, copy_database):
        app.command()(command)


def backup(
    target: Annotated[Path, typer.Argument(help="file to write, or a folder for a file with date and time")],
    keep: Annotated[
        int, typer.Option(min=0, help="remove all dated backups of the folder but so many; 0 keeps all")
    ] = 0,
    config: Config = None,
) -> None:
    """Copy the SQLite database while the platform runs, and prove the copy: structure, ledger, sums."""
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import backup as files

    settings = settings_of(config)
    made = files.back_up(settings.database_url, target, SystemClock().now_ms(), told("backup"))
    typer.echo(line(made))
    if keep:
        for old in files.keep_newest(made.path.parent, keep):
            typer.echo(f"removed {old}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="file that `chargecloud backup` wrote")],
    config: Config = None,
) -> None:
    """Put a backup in the place of the database, which is kept beside it; the platform has to be stopped."""
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import backup as files

    settings = writing(settings_of(config))
    made, aside = files.restore(settings.database_url, source, SystemClock().now_ms(), told("restore"))
    typer.echo(line(made))
    if aside:
        typer.echo(f"what was there is {aside}")
        typer.echo(missing(made.path, aside))


def missing(restored: Path, aside: Path) -> str:
    """What people have to look at after a restore, as far as it can be known."""
    import sqlite3

    from chargecloud.main.gap import list_missing

    listed = aside.with_name(f"{aside.name}.missing.csv")
    try:
        counts = list_missing(restored, aside, listed)
    except sqlite3.Error as error:
        return f"it cannot be read ({error}), so nobody knows what is missing now"
    known = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"it knew of {known} that are missing now: {listed}"


def copy_database(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="sqlite:///path of the file to leave")],
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="mysql://… of an empty database; database.url when not given")
    ] = "",
    config: Config = None,
) -> None:
    """Copy everything from SQLite into MySQL or MariaDB and read it again there; the platform has to be stopped."""
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import transfer
    from chargecloud.main.wiring import open_database

    settings = settings_of(config)
    if target:
        database = settings.database.model_copy(update={"url": target})
        settings = settings.model_copy(update={"database": database})
    opened = open_database(settings, SystemClock())
    moved = transfer.copy_database(source, settings.database_url, opened, told("copy"))
    for table, rows in moved.rows.items():
        typer.echo(f"{rows:>12}  {table}")
    typer.echo(
        f"{sum(moved.rows.values()):>12}  rows, the same on both sides; {moved.ledger.postings} postings of "
        f"{moved.ledger.transfers} transfers sum to zero, {moved.ledger.open_holds} holds are open"
    )


def line(made: "Copy") -> str:
    """What a copy holds, for people."""
    return (
        f"{made.path}: {made.size_bytes >> 10} KiB, schema {made.schema}, {made.postings} postings sum to zero, "
        f"{made.open_holds} holds are open"
    )


def told(what: str) -> Callable[[int, int], None]:
    """Tells progress on standard error, each tenth once."""
    last = 0

    def progress(done: int, total: int) -> None:
        nonlocal last
        tenths = 10 * done // total if total else 10
        if tenths > last:
            last = tenths
            typer.echo(f"{what}: {tenths * 10} %", err=True)

    return progress
