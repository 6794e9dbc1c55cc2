"""What the platform asks, as frames; ValueError says what a gateway cannot be told."""

from __future__ import annotations

from collections.abc import Mapping

from chargecloud.device.commands import AnswerStart, ChargeLimit, ChargeMode, PowerTier, StartCharging
from chargecloud_bkv import tables, tlv
from chargecloud_bkv.frames import (
    CardAnswer,
    Control,
    ReadParameters,
    SocketList,
    SocketMac,
    StateQuestion,
    Tier,
    TierControl,
    WriteParameters,
)
from chargecloud_bkv.mapping.values import MW_PER_DW, MWH_PER_WH, WORD_MAX, place_of
from chargecloud_bkv.quirks import SOCKETS_MAX, Dialect

TIERS_MAX = 5
CHANNEL_MAX = 15
SOCKET_GROUP = "socket:"
LIST_GROUP = "sockets"
_ON, _OFF = 1, 0
_SOCKET_TAG = 0x4A
_MAC_DIGITS = 12
_NO_LIMIT = ChargeLimit()


def start(command: StartCharging, dialect: Dialect) -> Control | TierControl:
    """By tiers when they are given, by energy or time otherwise."""
    socket, hole = place_of(command.connector_no)
    limit = command.limit or _NO_LIMIT
    if limit.tiers:
        amount = min(command.balance_fen, WORD_MAX)
        return TierControl(socket=socket, hole=hole, switch=_ON, amount_fen=amount, tiers=_tiers(limit.tiers))
    mode, minutes, energy_wh = _amount(limit, dialect)
    return Control(socket=socket, hole=hole, switch=_ON, mode=mode, minutes=minutes, energy_wh=energy_wh)


def stop(connector_no: int) -> Control:
    """What stands behind the switch does not count then."""
    socket, hole = place_of(connector_no)
    return Control(socket=socket, hole=hole, switch=_OFF, mode=tables.BY_TIME, minutes=0, energy_wh=0)


def card_answer(place: tuple[int, int], business_no: int, command: AnswerStart | None, dialect: Dialect) -> CardAnswer:
    """The order for a card at this place, or that there is none."""
    socket, hole = place
    limit = (command.limit if command else None) or _NO_LIMIT
    tiers = b""
    if command is None or not command.accepted:
        switch, mode, minutes, energy_wh = _OFF, tables.BY_TIME, 0, 0
    elif limit.tiers:
        switch, mode, minutes, energy_wh = _ON, tables.BY_TIER, 0, 0
        entries = _tiers(limit.tiers)
        amount = min(command.balance_fen, WORD_MAX)
        tiers = amount.to_bytes(2, "big") + bytes((len(entries),)) + b"".join(entry.pack() for entry in entries)
    else:
        switch = _ON
        mode, minutes, energy_wh = _amount(limit, dialect)
    return CardAnswer(
        socket=socket,
        hole=hole,
        business_no=business_no,
        switch=switch,
        mode=mode,
        minutes=minutes,
        energy_wh=energy_wh,
        tiers=tiers,
    )


def _amount(limit: ChargeLimit, dialect: Dialect) -> tuple[int, int, int]:
    """Mode, minutes and energy."""
    if limit.mode is ChargeMode.BY_ENERGY and limit.energy_mwh:
        return tables.BY_ENERGY, 0, max(1, min(limit.energy_mwh // MWH_PER_WH, WORD_MAX))
    wanted_s = limit.duration_s if limit.mode is ChargeMode.BY_TIME else limit.max_duration_s
    minutes = -(-wanted_s // 60) or dialect.max_minutes
    return tables.BY_TIME, max(1, min(minutes, dialect.max_minutes)), 0


def _tiers(tiers: tuple[PowerTier, ...]) -> tuple[Tier, ...]:
    if len(tiers) > TIERS_MAX:
        raise ValueError(f"a socket knows {TIERS_MAX} tiers, not {len(tiers)}")
    made = tuple(
        Tier(up_to_dw=tier.up_to_mw // MW_PER_DW, price_fen=tier.price_fen, minutes=tier.per_s // 60) for tier in tiers
    )
    if any(not tier.minutes for tier in made):
        raise ValueError("a tier's price is for at least a minute")
    return made


def question(connector_no: int) -> StateQuestion:
    """How is the socket of this connector?"""
    return StateQuestion(socket=place_of(connector_no)[0])


def read_parameters(group: str) -> ReadParameters:
    """The settings of `socket:N`."""
    return ReadParameters(entries=tlv.build([(_SOCKET_TAG, bytes((socket_of(group),)))]))


def write_parameters(group: str, values: Mapping[str, int | str]) -> WriteParameters | SocketList:
    """Settings of `socket:N`, or the list of all sockets in the group `sockets` (number to MAC, and the channel)."""
    if group == LIST_GROUP:
        return _socket_list(values)
    entries = [(_SOCKET_TAG, bytes((socket_of(group),)))]
    for name, value in values.items():
        if name not in tables.PARAMETERS:
            raise ValueError(f"no setting {name!r}; there are {', '.join(sorted(tables.PARAMETERS))}")
        tag, size = tables.PARAMETERS[name]
        if not isinstance(value, int) or not 0 <= value < 1 << 8 * size:
            raise ValueError(f"{name} is a number of {size} bytes, not {value!r}")
        entries.append((tag, value.to_bytes(size, "big")))
    if not values:
        raise ValueError("no setting is given")
    return WriteParameters(entries=tlv.build(entries))


def socket_of(group: str) -> int:
    """The N of `socket:N`."""
    number = group.removeprefix(SOCKET_GROUP)
    if number == group or not number.isdecimal() or not 1 <= int(number[:4]) <= SOCKETS_MAX:
        raise ValueError(
            f"no group {group!r}; there are {LIST_GROUP} and {SOCKET_GROUP}1 to {SOCKET_GROUP}{SOCKETS_MAX}"
        )
    return int(number[:4])


def _socket_list(values: Mapping[str, int | str]) -> SocketList:
    channel = values.get("channel", 1)
    if not isinstance(channel, int) or not 1 <= channel <= CHANNEL_MAX:
        raise ValueError(f"channel is 1 to {CHANNEL_MAX}, not {channel!r}")
    sockets = [_mac(number, mac) for number, mac in values.items() if number != "channel"]
    if len({each.socket for each in sockets}) != len(sockets):
        raise ValueError("a socket is given twice")
    return SocketList(channel=channel, sockets=tuple(sorted(sockets, key=lambda each: each.socket)))


def _mac(number: str, mac: int | str) -> SocketMac:
    if not number.isdecimal() or not 1 <= int(number[:4]) <= SOCKETS_MAX:
        raise ValueError(f"{number!r} is no socket of 1…{SOCKETS_MAX}")
    if not isinstance(mac, str) or len(mac) != _MAC_DIGITS:
        raise ValueError(f"socket {number}: the MAC has {_MAC_DIGITS} digits, not {mac!r}")
    return SocketMac(socket=int(number[:4]), mac=bytes.fromhex(mac).hex().upper())


def parameters_of(entries: bytes) -> dict[str, object]:
    """What a socket answers, by name; ValueError where the lengths lie."""
    values = tlv.by_tag(entries)
    return {name: int.from_bytes(values[tag], "big") for name, (tag, _) in tables.PARAMETERS.items() if tag in values}
