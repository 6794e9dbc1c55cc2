"""`chargecloud sim`: virtual charge points; every option is a field of `SimOptions`."""

import asyncio
from typing import Annotated

import typer

from chargecloud.kernel.errors import Invalid


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command()(sim)


def sim(
    protocol: Annotated[str, typer.Option(help="vendor protocol the charge points speak")] = "ykc16",
    count: Annotated[int, typer.Option(help="how many charge points")] = 10,
    address: Annotated[str, typer.Option(help="host or host:port where the platform listens")] = "127.0.0.1",
    scenario: Annotated[
        str, typer.Option(help="steps such as plug,card,charge:20m,unplug; or life, life:remote, life:card, life:vin")
    ] = "life",
    repeat: Annotated[int, typer.Option(help="how often the scenario is played; 0 is for ever")] = 0,
    fault: Annotated[list[str] | None, typer.Option(help="what goes wrong, such as wrong_crc=0.01")] = None,
    temper: Annotated[
        str,
        typer.Option(help="firmware: standard, ykc16, openuc, thrifty (dny: standard, f640, old, cabinet), mixed"),
    ] = "mixed",
    power: Annotated[str, typer.Option(help="dc, ac or mixed")] = "mixed",
    slaves: Annotated[int, typer.Option(help="dny: boards behind each host; 0 makes stand-alone boards")] = 0,
    ports: Annotated[int, typer.Option(help="dny: sockets of a board: 2, 10, 12, 16; 0 is a mixture")] = 0,
    faulty: Annotated[float, typer.Option(help="dny: part of the chargers that is dangerous, 0 to 1")] = 0,
    card: Annotated[list[str] | None, typer.Option(help="card number in hex the drivers hold; may be repeated")] = None,
    code_prefix: Annotated[str, typer.Option(help="first digits of the charge point codes")] = "32010600",
    first_code: Annotated[int, typer.Option(help="number of the first charge point")] = 1,
    speed: Annotated[float, typer.Option(help="batteries and drivers run so many times faster")] = 1,
    seed: Annotated[int, typer.Option(help="equal seeds give equal charge points, cars, drivers and faults")] = 1,
    ramp_per_s: Annotated[float, typer.Option(help="new connections a second, at most")] = 50,
    duration_s: Annotated[float, typer.Option(help="end after so long; 0 is until stopped or played out")] = 0,
    settle_s: Annotated[float, typer.Option(help="wait so long at the end for confirmations")] = 5,
    reconnect_s: Annotated[float, typer.Option(help="pause before a lost connection is tried again")] = 10,
    jitter_s: Annotated[float, typer.Option(help="random addition to that pause")] = 10,
    sources: Annotated[int, typer.Option(help="connect from 127.0.0.1 to 127.0.0.n in turn; 0 is the usual one")] = 0,
    control_port: Annotated[int, typer.Option(help="loopback port of the control line; 0 is none")] = 0,
    ledger: Annotated[str, typer.Option(help="file that gets a JSON line for every confirmed record")] = "",
    progress_s: Annotated[float, typer.Option(help="seconds between two lines on standard error; 0 is none")] = 10,
) -> None:
    """Run virtual charge points over real sockets; the last line of standard output is a JSON summary."""
    from chargecloud.main import process
    from chargecloud.sim import runner
    from chargecloud.sim.faults import parse_faults
    from chargecloud.sim.options import PROTOCOLS, SimOptions, parse_address

    if protocol not in PROTOCOLS:
        raise Invalid(f"sim: protocol {protocol!r}: must be one of {', '.join(PROTOCOLS)}", "invalid_options")
    try:
        host, port = parse_address(address, protocol)
        options = SimOptions(
            protocol=protocol, count=count, host=host, port=port, scenario=scenario, repeat=repeat,
            faults=parse_faults(fault or []), temper=temper, power=power, slaves=slaves,
            ports=ports, faulty=faulty, cards=tuple(card or ()),
            code_prefix=code_prefix, first_code=first_code, speed=speed, seed=seed, ramp_per_s=ramp_per_s,
            duration_s=duration_s, settle_s=settle_s, reconnect_s=reconnect_s, jitter_s=jitter_s, sources=sources,
            control_port=control_port, ledger=ledger, progress_s=progress_s,
        )  # fmt: skip
    except ValueError as error:
        raise Invalid(f"sim: {error}", "invalid_options") from None

    async def until_over(stop: asyncio.Event) -> int:
        summary = await runner.run(options, stop=stop)
        typer.echo(summary.to_json())
        return 0

    raise typer.Exit(process.run(until_over))
