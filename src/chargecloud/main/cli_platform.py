"""The commands that run or look after the platform: up, gateway, api, worker, migrate, doctor."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.kernel.errors import Invalid
from chargecloud.main.cli_options import Config, settings_of, writing

if TYPE_CHECKING:
    from chargecloud.main.settings import Settings


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for command in (demo, up, gateway, api, worker, migrate, doctor):
        app.command()(command)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="run one charge from plug to bill on fresh data, then end")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget the demo's data first")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="allow addresses that other machines reach, public account and all")
    ] = False,
    config: Config = None,
) -> None:
    """Run the platform with twenty virtual charge points and a page to charge from; Ctrl-C stops it."""
    from chargecloud.main import demo as demonstration

    settings = writing(settings_of(config, quiet=True))
    if once:
        raise typer.Exit(demonstration.run_once(settings))
    raise typer.Exit(demonstration.run_demo(settings, public=public, fresh=fresh))


def up(config: Config = None) -> None:
    """Run the whole platform in one process, on SQLite unless configured otherwise; Ctrl-C stops it."""
    raise typer.Exit(_run_all(writing(settings_of(config))))


def gateway(config: Config = None) -> None:
    """Run a gateway alone: the listeners charge points connect to (cluster profile)."""
    _refuse_alone("gateway", settings_of(config))


def api(config: Config = None) -> None:
    """Run the HTTP API alone (cluster profile)."""
    _refuse_alone("api", settings_of(config))


def worker(config: Config = None) -> None:
    """Run a worker alone: messages, outbox and jobs (cluster profile)."""
    _refuse_alone("worker", settings_of(config))


def migrate(config: Config = None) -> None:
    """Bring the configured database to the newest schema; harmless when it is there already."""
    from chargecloud.main import schema

    settings = writing(settings_of(config))
    before, after = schema.upgrade(settings.database_url)
    typer.echo(f"schema {after}" + (" already" if before == after else f", was {before or 'empty'}"))


def doctor(
    config: Config = None, quiet: Annotated[bool, typer.Option("--quiet", help="only what is not fine")] = False
) -> None:
    """Check configuration, data, ledger, ports and certificates; exit code 1 when something is wrong."""
    from chargecloud.main.doctor import Level, examine

    settings = settings_of(config)
    marks = {Level.FINE: "ok  ", Level.NOTE: "note", Level.WRONG: "BAD "}
    wrong = 0
    for finding in examine(settings):
        wrong += finding.level is Level.WRONG
        if not quiet or finding.level is not Level.FINE:
            typer.echo(f"{marks[finding.level]}  {finding.subject}: {finding.text}")
    raise typer.Exit(1 if wrong else 0)


def _run_all(settings: "Settings") -> int:
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import process
    from chargecloud.main.roles import all_parts, tell_ready
    from chargecloud.main.wiring import wire

    async def until_stopped(stop: asyncio.Event) -> int:
        platform = wire(settings, SystemClock())
        await process.run_parts(all_parts(platform), stop, on_ready=lambda: tell_ready(platform))
        return 0

    return process.run(until_stopped)


def _refuse_alone(role: str, settings: "Settings") -> None:
    missing = [
        f"{key} = {url} is for one process only"
        for key, url in (("bus.url", settings.bus.url), ("cache.url", settings.cache.url))
        if url.startswith("memory:")
    ]
    if settings.database_url.startswith("sqlite:"):
        missing.append("database.url is SQLite, which belongs to one process")
    text = "; ".join(missing) or "brokers and shared databases are not supported by this version yet"
    raise Invalid(
        f"{role}: one role alone needs a broker and a shared database: {text}. Use `chargecloud up`.", "alone"
    )
