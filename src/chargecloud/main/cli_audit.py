"""`chargecloud audit`: whether the audit log still says what was written."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.kernel.errors import Invalid
from chargecloud.main.cli_options import Config, settings_of

if TYPE_CHECKING:
    from chargecloud.features.operators.messages import AuditLink, BrokenChain
    from chargecloud.main.settings import Settings

app = typer.Typer(help="The audit log and the chain that holds it.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _audit() -> None:
    """Keeps `verify` a command of its own."""


@app.command()
def verify(
    noted: Annotated[
        Path | None, typer.Option("--noted", metavar="FILE", help="what an earlier run printed: has to hold still")
    ] = None,
    config: Config = None,
) -> None:
    """Walk every chain from its beginning and print how far it goes, or name the first broken entry (exit code 1)."""
    settings = settings_of(config, quiet=True)
    earlier = [] if noted is None else links_of(noted.read_text("utf-8"))
    broken = False
    for result in asyncio.run(_verified(settings, earlier)):
        line, fault = told(result)
        broken = broken or fault
        typer.echo(line, err=fault)
    if broken:
        raise typer.Exit(1)


def links_of(text: str) -> "list[AuditLink]":
    """Lines `operator number digest`, as `verify` prints them."""
    from chargecloud.features.operators.messages import AuditLink

    links = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()):
            raise Invalid(f"line {number} is not `operator number digest`: {line[:80]}", "audit_note")
        links.append(AuditLink(operator_id=int(parts[0]), chain_no=int(parts[1]), digest=parts[2]))
    return [link for link in links if link.chain_no]


def told(result: "AuditLink | BrokenChain") -> tuple[str, bool]:
    """A line about a chain, and whether it is broken."""
    from chargecloud.features.operators.messages import AuditLink

    if isinstance(result, AuditLink):
        return f"{result.operator_id} {result.chain_no} {result.digest or '-'}", False
    which = "its end" if result.entry_id is None else f"entry {result.chain_no or '-'} (id {result.entry_id})"
    return f"operator {result.operator_id}: BROKEN at {which}: {result.reason}", True


async def _verified(settings: "Settings", noted: "list[AuditLink]") -> "list[AuditLink | BrokenChain]":
    from chargecloud.features.operators import service_audit
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main.wiring import open_database

    database = open_database(settings, SystemClock())
    await database.start()
    try:
        async with database.in_background().read() as connection:
            return [result async for result in service_audit.verify(connection, noted)]
    finally:
        await database.stop()
