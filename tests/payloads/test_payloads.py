"""The payloads reach every text a stranger can send; the console's browser test sends them for real."""

import pytest

from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from chargecloud.protocols.wire.kinds import AsciiColumn
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.tails import AsciiTail
from tests.integration.features.test_authorisation import DRIVERS, NAMED
from tests.payloads.bodies import PayloadBodies
from tests.payloads.senders import ENDING, drivers_may_write
from tests.payloads.texts import TEXTS
from tests.payloads.wire import dny_uplinks, payload_frames, texts_of, ykc_uplinks
from tests.support import dny, ykc
from tests.support.api import Api
from tests.support.openapi import operations

NAMES = {"pile_code": ykc.CODE, "gun_no": "01", "trade_no": "0" * 32}


@pytest.mark.parametrize("kind", ykc_uplinks(), ids=lambda kind: f"{kind.code:02X}")
def test_every_text_of_a_ykc_frame_carries_payloads(kind: type[Frame]) -> None:
    carried: set[str] = set()
    for frame, text in payload_frames(kind, NAMES):
        assert text.rstrip(b"\0") in ykc.up(frame)
        carried |= {c.name for c in texts_of(kind) if getattr(frame, c.name).rstrip(b"\0") == text.rstrip(b"\0")}
    assert {column.name for column in texts_of(kind)} == carried


@pytest.mark.parametrize("kind", dny_uplinks(), ids=lambda kind: f"{kind.code:02X}")
def test_every_text_of_a_board_carries_payloads(kind: type[Frame]) -> None:
    for frame, text in payload_frames(kind, {}):
        assert text.rstrip(b"\0") in dny.up(frame)


def test_texts_are_found_where_the_vendors_have_them() -> None:
    texts = {
        (kind.code, column.name)
        for kind in (*ykc_uplinks(), *dny_uplinks())
        for column in texts_of(kind)
        if isinstance(column, AsciiColumn | AsciiTail)
    }
    assert {(0x01, "program_version"), (0x15, "vin"), (0x31, "vin"), (0x3B, "vin"), (0x11, "iccid")} <= texts


async def test_every_text_a_driver_may_send_has_its_place(database: Database, clock: ManualClock) -> None:
    async with Api.over(database, clock) as api:
        document = api.document()
    bodies = PayloadBodies(document, NAMED)
    sent = {each.id: bodies.places(each) for each in operations(document) if drivers_may_write(each)}
    writing = {each.id for each in operations(document) if each.id in DRIVERS and each.method != "get"}
    assert writing - ENDING <= set(sent)
    assert ("label",) in sent["addMyVehicle"] and ("vin",) in sent["addMyVehicle"]
    vehicle = next(each for each in operations(document) if each.id == "addMyVehicle")
    for text in TEXTS:
        assert bodies.with_text(vehicle, ("label",), text)["label"] == text
