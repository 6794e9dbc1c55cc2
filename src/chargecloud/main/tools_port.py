"""What the routes of the tools are given: protocols, what the process is, and a simulator where one is attached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from chargecloud.device.contract import ProtocolPlugin
from chargecloud.protocols.catalog import protocols


class Simulator(Protocol):
    """Virtual charge points of this process that can be told what happens to them."""

    def points(self) -> list[dict[str, object]]:
        """Every virtual charge point as `chargecloud sim` describes it, with `protocol` and its `faults` by name."""
        ...

    def execute(self, line: str) -> dict[str, object]:
        """Do a line of the control language at whoever has the charge point; `ok`, `done` or `error` as there."""
        ...


@dataclass
class Tools:
    """Put on the application by main."""

    plugins: Mapping[str, ProtocolPlugin] = field(default_factory=protocols)
    version: str = ""
    role: str = "api"
    started_at_ms: int = 0
    data_dir: Path | None = None
    simulator: Simulator | None = None


def _tools(connection: HTTPConnection) -> Tools:
    state = connection.app.state
    if not hasattr(state, "tools"):
        state.tools = Tools()
    return cast(Tools, state.tools)


ToolBox = Annotated[Tools, Depends(_tools)]
