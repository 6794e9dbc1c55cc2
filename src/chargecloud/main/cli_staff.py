"""`chargecloud staff`: the first administrator, and a look at who has an account."""

import asyncio
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from chargecloud.main.cli_options import Config, settings_of, writing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chargecloud.infra.sql.engine import Database
    from chargecloud.main.settings import Settings

T = TypeVar("T")

app = typer.Typer(help="Accounts of staff; there is none by default.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="name to sign in with")],
    role: Annotated[str, typer.Option(help="administrator, dispatcher, operations, finance, maintenance, auditor")] = (
        "administrator"
    ),
    name: Annotated[str, typer.Option(help="name to show; the user name when empty")] = "",
    station: Annotated[
        list[str] | None,
        typer.Option("--station", help="limit them to this station, by number or name; repeat for more"),
    ] = None,
    generate: Annotated[bool, typer.Option("--generate", help="make up a password and show it once")] = False,
    config: Config = None,
) -> None:
    """Give somebody an account. The password is asked for, read from a pipe, or made up with --generate."""
    from chargecloud.main import accounts

    settings, chosen = writing(settings_of(config)), accounts.role_of(role)
    password = secrets.token_urlsafe(15) if generate else _asked_password()
    member = _with_database(
        settings,
        lambda database: accounts.create(
            database,
            username=username,
            name=name or username,
            role=chosen,
            password=password,
            stations=station or (),
        ),
    )
    typer.echo(accounts.line(member))
    if generate:
        typer.echo(f"password: {password}")
        typer.echo("It is shown this once; change it after signing in.", err=True)


@app.command("list")
def list_all(config: Config = None) -> None:
    """Show every account."""
    from chargecloud.main import accounts

    for member in _with_database(writing(settings_of(config)), accounts.everybody):
        typer.echo(accounts.line(member))


@app.command("reset-totp")
def reset_totp(
    username: Annotated[str, typer.Argument(help="name they sign in with")],
    config: Config = None,
) -> None:
    """Take away a second factor whose phone is lost. Their sessions end; the password stays."""
    from chargecloud.main import accounts

    member = _with_database(
        writing(settings_of(config)), lambda database: accounts.reset_second_factor(database, username)
    )
    typer.echo(f"{member.username} signs in with the password alone; a new phone is set up in the console")


def _asked_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _with_database(settings: "Settings", work: "Callable[[Database], Awaitable[T]]") -> T:
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import schema, schema_state
    from chargecloud.main.wiring import Role, open_database, refuse_world

    async def done() -> T:
        database = open_database(settings, SystemClock())
        await database.start()
        try:
            return await work(database)
        finally:
            await database.stop()

    refuse_world(settings, Role.UP)
    if schema_state.revision(settings.database_url) != schema_state.newest():
        schema.upgrade(settings.database_url)
    return asyncio.run(done())
