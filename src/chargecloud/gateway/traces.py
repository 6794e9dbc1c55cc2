"""Which request a command came from, so that what a charge point answers can be found under the same id."""

from collections import OrderedDict

import structlog

from chargecloud.device.commands import DeviceCommand, StartCharging
from chargecloud.device.events import CommandEnded, DeviceEvent, RecordUploaded, StartAnswered, StopAnswered
from chargecloud.kernel.message import Envelope

log = structlog.get_logger("chargecloud.gateway")

REMEMBERED = 20_000


class Traces:
    """Trace ids by command, and by session for the record that comes hours later; the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()

    def command(self, command: DeviceCommand, trace_id: str) -> None:
        """A command has come in from somebody's request."""
        if not trace_id:
            return
        kind, code = type(command).__name__, command.charge_point_code
        log.info("gateway.command", command=kind, charge_point_code=code, trace_id=trace_id)
        self._remember(command.command_id, trace_id)
        if isinstance(command, StartCharging):
            self._remember(command.session_no, trace_id)

    def envelope(self, code: str, event: DeviceEvent, at_ms: int) -> Envelope:
        """An event on its way to the platform, under the id of the request that it answers."""
        trace_id = self._of(event) if self._known else ""
        if trace_id:
            log.info("gateway.event", body=type(event).__name__, charge_point_code=code, trace_id=trace_id)
        return Envelope(code, event, at_ms, trace_id=trace_id)

    def _of(self, event: DeviceEvent) -> str:
        if isinstance(event, CommandEnded):
            return self._known.pop(event.command_id, "")
        if isinstance(event, StartAnswered):
            return self._known.get(event.command_id) or self._known.get(event.session_no, "")
        if isinstance(event, StopAnswered):
            return self._known.get(event.command_id, "")
        return self._known.get(event.session_no, "") if isinstance(event, RecordUploaded) else ""

    def _remember(self, name: str, trace_id: str) -> None:
        if name:
            self._known[name] = trace_id
            self._known.move_to_end(name)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
