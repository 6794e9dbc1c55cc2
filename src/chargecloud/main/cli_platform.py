"""The commands that run or look after the platform: up, gateway, api, worker, migrate, doctor."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chargecloud.main.cli_options import Config, settings_of, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargecloud.kernel.clock import Clock
    from chargecloud.main.place import Place
    from chargecloud.main.process import Alone
    from chargecloud.main.settings import Settings
    from chargecloud.main.wiring import Role


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    for command in (demo, up, gateway, api, worker, migrate, doctor):
        app.command()(command)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="run one car and four e-bikes from plug to bill on fresh data")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget the demo's data first")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="allow addresses that other machines reach, public account and all")
    ] = False,
    config: Config = None,
) -> None:
    """Run the platform with twenty-four virtual charge points and a page to charge from; Ctrl-C stops it."""
    from chargecloud.main import demo as demonstration

    settings = writing(settings_of(config, quiet=True))
    if once:
        raise typer.Exit(demonstration.run_once(settings))
    raise typer.Exit(demonstration.run_demo(settings, public=public, fresh=fresh))


def up(config: Config = None) -> None:
    """Run the whole platform in one process, on SQLite unless configured otherwise; Ctrl-C stops it."""
    _run("up", config)


Number = Annotated[
    int | None, typer.Option("--number", min=1, help="which of several on this machine that share the ports (Linux)")
]
Processes = Annotated[
    int, typer.Option("--processes", min=1, max=64, help="so many on this machine, looked after by one more (Linux)")
]


def gateway(number: Number = None, processes: Processes = 1, config: Config = None) -> None:
    """Run a gateway alone: the listeners charge points connect to (cluster profile)."""
    _run_several("gateway", config, number, processes)


def api(number: Number = None, processes: Processes = 1, config: Config = None) -> None:
    """Run the HTTP API alone (cluster profile)."""
    _run_several("api", config, number, processes)


def worker(number: Number = None, processes: Processes = 1, config: Config = None) -> None:
    """Run a worker alone: messages, outbox and jobs (cluster profile)."""
    _run_several("worker", config, number, processes)


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
    from chargecloud.main.doctor import examine
    from chargecloud.main.doctor_finding import Level

    settings = settings_of(config)
    marks = {Level.FINE: "ok  ", Level.NOTE: "note", Level.WRONG: "BAD "}
    wrong = 0
    for finding in examine(settings):
        wrong += finding.level is Level.WRONG
        if not quiet or finding.level is not Level.FINE:
            typer.echo(f"{marks[finding.level]}  {finding.subject}: {finding.text}")
    raise typer.Exit(1 if wrong else 0)


def _run_several(name: str, config: Path | None, number: int | None, processes: int) -> NoReturn:
    """One process, or a supervisor of several: SIGTERM stops them all, SIGHUP renews one after the other."""
    if processes == 1:
        _run(name, config, number)
    if number is not None:
        raise typer.BadParameter("--number names one process, --processes starts several: give one of them")

    from chargecloud.main import process, supervisor
    from chargecloud.main.wiring import Role, refuse_world

    supervisor.refuse_platform()
    refuse_world(writing(settings_of(config)), Role(name))
    command = supervisor.role_command(name, str(config) if config else "")

    async def until_stopped(stop: asyncio.Event) -> int:
        return await supervisor.Supervisor(name, processes, command).run(stop)

    raise typer.Exit(process.run(until_stopped))


def _run(name: str, config: Path | None, number: int | None = None) -> NoReturn:
    from importlib.metadata import version

    from chargecloud.infra import telemetry
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main import process
    from chargecloud.main.place import Place
    from chargecloud.main.wiring import Role, refuse_world

    role, place = Role(name), Place() if number is None else Place.shared(number)
    telemetry.process_info.labels(role, str(place.number), version("chargecloud")).set(1)
    settings = settings_of(config)
    refuse_world(settings, role)
    wire = _wiring_of(role)
    writing(settings)

    async def until_stopped(stop: asyncio.Event) -> int:
        alone = wire(settings, SystemClock(), place)
        await process.run_parts(alone.parts, stop, on_ready=lambda: process.tell_ready(role, alone))
        return 0

    raise typer.Exit(process.run(until_stopped))


def _wiring_of(role: "Role") -> "Callable[[Settings, Clock, Place], Alone]":
    """Loads what one role needs, and nothing of the others."""
    match role:
        case "gateway":
            from chargecloud.main.role_gateway import gateway_alone

            return gateway_alone
        case "api":
            from chargecloud.main.role_api import api_alone

            return api_alone
        case "worker":
            from chargecloud.main.role_worker import worker_alone

            return worker_alone
        case _:
            from chargecloud.main.roles import all_alone

            return all_alone
