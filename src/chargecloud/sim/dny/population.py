"""Modems and boards as the options want them, with their riders; and what the control line can do to a board."""

import random
from collections.abc import Iterator

from chargecloud.sim.actor import Actor, rounds_of
from chargecloud.sim.control import Answer, Controls, Target
from chargecloud.sim.dny.board import BoardSpec, VirtualBoard
from chargecloud.sim.dny.ebike import ChargerFault, random_charger
from chargecloud.sim.dny.modem import ModemSpec, VirtualModem
from chargecloud.sim.dny.temper import BOARD_FAULTS, HOST_TYPE_CODE, TEMPERS, TYPE_CODES, BoardTemper
from chargecloud.sim.dny.visit import PortVisit, Rider, life
from chargecloud.sim.options import MIXED, SimOptions

SIZES = (10, 12, 16)


def specs(options: SimOptions) -> Iterator[ModemSpec]:
    """One modem after the other: stand-alone boards, or hosts with slaves."""
    width = options.slaves or 1
    for index in range(options.count):
        first = options.first_code + index * width
        boards = tuple(
            _board(options, first + offset, virtual_id=offset + 1 if options.slaves else 0) for offset in range(width)
        )
        host_id = HOST_TYPE_CODE << 24 | options.first_code + index if options.slaves else None
        yield ModemSpec(boards=boards, host_id=host_id, iccid=f"898604{options.first_code + index:014d}")


def actor(options: SimOptions, spec: ModemSpec, *, now: float, wall_ms: int) -> Actor[VirtualModem]:
    """A modem with everything behind it, and a rider at every port."""
    modem = VirtualModem(spec, seed=options.seed, now=now, wall_ms=wall_ms, faults=options.faults)
    made = Actor(modem, now=now, seed=options.seed, faults=options.faults)
    if options.scenario:
        dice = random.Random(f"{options.seed}/{spec.code}/riders")
        for board in modem.boards.values():
            for port in board.ports:
                card = dice.choice(options.cards) if options.cards else own_card(board, port.connector_no)
                rider = Rider(dice, options.speed, card, options.faulty)
                rounds = rounds_of(options.scenario, dice, repeat=options.repeat, life=life, faults=BOARD_FAULTS)
                visit = PortVisit(modem, board, port.connector_no, rider, rounds, cut_link=made.cut_link)
                made.guests.append(visit)
                visit.arrive(now)
    return made


def own_card(board: VirtualBoard, connector_no: int) -> str:
    """The card a rider without a given one holds: made of board and port."""
    return card_of(board.spec.physical_id, connector_no)


def card_of(physical_id: int, connector_no: int) -> str:
    """Eight hex digits that no other port has, from either end: its first byte is at least 80, its last 40 to 7F."""
    serial = (physical_id & 0xFFFFFF) << 5 | connector_no
    return f"{0x80 | serial >> 22:02X}{serial >> 6 & 0xFFFF:04X}{0x40 | serial & 0x3F:02X}"


def _board(options: SimOptions, number: int, *, virtual_id: int) -> BoardSpec:
    ports = options.ports or SIZES[number % len(SIZES)]
    tempers: list[BoardTemper] = list(TEMPERS.values()) if options.temper == MIXED else [TEMPERS[options.temper]]
    temper = tempers[number % len(tempers)]
    return BoardSpec(
        physical_id=TYPE_CODES[ports] << 24 | number, port_count=ports, virtual_id=virtual_id, temper=temper
    )


# ── the control line ────────────────────────────────────────────────────────────────────────────────────────────────


def _board_of(target: Target) -> VirtualBoard:
    board: VirtualBoard = target.actor.point.board_of(target.code)
    return board


def _plug(target: Target, now: float) -> bool:
    dice = random.Random(f"{target.code}/{target.connector_no}/{now}")
    known = {fault.value for fault in ChargerFault}
    if target.extra and target.extra not in known:
        raise ValueError(f"unknown charger {target.extra!r}; known are {', '.join(sorted(known))}")
    fault = ChargerFault(target.extra) if target.extra else None
    return _board_of(target).plug(target.connector_no, random_charger(dice, speed=target.speed, fault=fault), now)


def _card(target: Target, now: float) -> bool:
    board = _board_of(target)
    return board.swipe(target.connector_no, target.extra or own_card(board, target.connector_no), now)


def _fault(target: Target, now: float) -> bool:
    _board_of(target).break_down(target.connector_no, target.extra or ChargerFault.SMOKE, now)
    return True


def _repair(target: Target, now: float) -> bool:
    _board_of(target).repair(target.connector_no, now)
    return True


def describe(made: Actor[VirtualModem]) -> list[Answer]:
    """Every board behind a modem as the state command shows it."""
    now = made.now
    return [
        {
            "charge_point_code": board.code,
            "temper": board.spec.temper.name,
            "online": made.point.linked and board.registered,
            "records_waiting": len(board.memory.settlements),
            "connectors": [
                {
                    "connector_no": port.connector_no,
                    "state": port.state(now),
                    "plugged": port.charger is not None,
                    "faulted": bool(port.fault_state),
                    "power_w": int(port.session.power_w(port.session.flow_s(now))) if port.session else 0,
                    "session_no": port.session.truth.session_no if port.session else "",
                }
                for port in board.ports
            ],
        }
        for board in made.point.boards.values()
    ]


CONTROLS = Controls(
    {
        "plug": _plug,
        "unplug": lambda target, now: _board_of(target).unplug(target.connector_no, now),
        "card": _card,
        "fault": _fault,
        "repair": _repair,
    },
    describe,
    (ChargerFault.SMOKE.value, *(fault for fault in BOARD_FAULTS if fault.isdecimal())),
)
