"""Messages come out of the outbox as they went in."""

from dataclasses import dataclass

import msgspec

from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.infra.kinds import Kinds
from chargecloud.infra.sql.outbox import envelope_of, message_id


@dataclass
class Row:
    id: int = 255
    key: str = "1"
    kind: str = "CommandEnded"
    body: str = "{}"
    trace_id: str = "t"
    at_ms: int = 4096
    expires_at_ms: int = 5


MESSAGE = CommandEnded(charge_point_code="1", command_id="c", command="Reboot", outcome=CommandOutcome.DONE)


def test_an_envelope_keeps_everything() -> None:
    message = MESSAGE
    row = Row(body=msgspec.json.encode(message).decode())
    envelope = envelope_of(row, Kinds())
    assert envelope.body == message
    assert (envelope.key, envelope.at_ms, envelope.trace_id, envelope.expires_at_ms) == ("1", 4096, "t", 5)
    assert envelope.id == message_id(row) == "1000.ff"
