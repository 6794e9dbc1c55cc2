"""What the boards of a line share."""

from __future__ import annotations

from chargecloud.protocols.dny.connection import Connection
from tests.support import dny
from tests.support.dny_harness import admitted, connected


def test_the_card_of_the_modem_is_remembered_in_capitals() -> None:
    harness = connected()
    connection = harness.connection
    assert isinstance(connection, Connection)
    harness.receive(dny.ICCID.lower())
    assert connection.iccid == "898604D9162390488297"


def test_only_admitted_boards_count() -> None:
    harness = admitted(dny.PHYSICAL_ID)
    harness.receive(dny.register(physical_id=dny.OTHER_ID))
    connection = harness.connection
    assert isinstance(connection, Connection)
    assert connection.charge_point_codes == (dny.CODE,) and set(connection.boards) == {dny.PHYSICAL_ID, dny.OTHER_ID}
