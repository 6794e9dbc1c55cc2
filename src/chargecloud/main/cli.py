"""The `chargecloud` command. Each sub-command imports what it needs when it runs, so that the light ones stay quick."""

import os
import sys
from io import TextIOWrapper

import typer

from chargecloud.kernel.errors import ChargeCloudError, Invalid
from chargecloud.main import cli_audit, cli_data, cli_decode, cli_fake_wechat, cli_platform, cli_sim, cli_staff

app = typer.Typer(
    name="chargecloud",
    help="智能充电云: the platform for car and e-bike charging.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

PRIVATE = 0o077
"""What is written here holds personal data and keys: nobody but the account it runs as may read it."""

for part in (cli_platform, cli_data, cli_sim, cli_fake_wechat, cli_decode):
    part.register(app)
app.add_typer(cli_staff.app, name="staff")
app.add_typer(cli_audit.app, name="audit")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("chargecloud"))


def run() -> None:
    """Entry point: what was refused on purpose is told in words, with exit code 2 for bad usage and 1 otherwise."""
    os.umask(PRIVATE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a pipe on Windows takes the system's code page by default
            stream.reconfigure(encoding="utf-8")
    try:
        app()
    except ChargeCloudError as error:
        typer.echo(f"chargecloud: {error.message}", err=True)
        sys.exit(2 if isinstance(error, Invalid) else 1)
