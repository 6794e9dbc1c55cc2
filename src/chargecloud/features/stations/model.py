"""What a connector's own words amount to, and what a charge point or a code has to look like."""

import re
from collections.abc import Sequence

from chargecloud.device.capability import NEEDS, Capability
from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import ConnectorReport, ConnectorStatus, MeterSampled
from chargecloud.features.stations.messages import ChargePoint, ConnectorState
from chargecloud.kernel.errors import Invalid, Unsupported

CODE_PATTERN = "[0-9]{14}|[0-9A-F]{8}"
"""Fourteen digits, or the eight hexadecimal digits of a 32-bit number."""
MAX_CONNECTORS = 16
UNASSIGNED = "未分配"
"""Name of the station that takes charge points admitted while enrolment is open."""

DEFAULT_RATED_POWER_W = {"dc": 360_000, "ac": 22_000}
"""What bounds a connector's power when nobody has entered a rated power."""

_CODE = re.compile(CODE_PATTERN)


def connector_state(*, status: ConnectorStatus, plugged: bool) -> ConnectorState:
    """One word for what a sample says; a status we do not know is certainly not free."""
    match status:
        case ConnectorStatus.FAULTED:
            return ConnectorState.FAULTED
        case ConnectorStatus.CHARGING:
            return ConnectorState.CHARGING
        case ConnectorStatus.OFFLINE:
            return ConnectorState.OFFLINE
        case ConnectorStatus.AVAILABLE if not plugged:
            return ConnectorState.AVAILABLE
        case _:
            return ConnectorState.OCCUPIED


def sampled_state(event: MeterSampled) -> ConnectorState:
    """The state a sample reports."""
    return connector_state(status=event.status, plugged=event.plugged)


def reported_state(report: ConnectorReport) -> ConnectorState:
    """The state a heartbeat of all connectors reports."""
    return connector_state(status=report.status, plugged=report.plugged)


def beaten_state(*, reported: ConnectorState, plugged: bool, fault_bits: int, faulted: bool) -> ConnectorState:
    """The state after a heartbeat, which knows only "faulted" or not; named faults are cleared by samples alone."""
    if faulted:
        return ConnectorState.FAULTED
    if reported is not ConnectorState.FAULTED or fault_bits:
        return reported
    return ConnectorState.OCCUPIED if plugged else ConnectorState.AVAILABLE


def rated_power_w(*, power_type: str, entered_w: int) -> int:
    """What one connector can deliver at most."""
    return entered_w or DEFAULT_RATED_POWER_W[power_type]


def check_code(code: str) -> str:
    """The code itself, when it is one."""
    if not _CODE.fullmatch(code):
        raise Invalid("桩编号必须是 14 位数字，或 8 位大写十六进制数字", "charge_point_code", charge_point_code=code)
    return code


def listed(capabilities: Sequence[str]) -> str | None:
    """Names as a charge point's row keeps them; None for who names nothing."""
    return " ".join(capabilities) or None


def can(charge_point: ChargePoint, capability: Capability) -> bool:
    """Whether a charge point has told that it can do this."""
    return capability.value in (charge_point.capabilities or "").split()


def check_capable(charge_point: ChargePoint, command: DeviceCommand) -> None:
    """Unsupported, naming the capability, when a charge point has told what it can do and this is not in it."""
    needed = NEEDS.get(type(command))
    known = (charge_point.capabilities or "").split()
    if needed is not None and known and needed.value not in known:
        raise Unsupported(
            f"该桩不支持此指令：缺少能力 {needed.value}",
            "capability_missing",
            charge_point_code=charge_point.code,
            capability=needed.value,
            capabilities=known,
        )


def redacted(body: dict[str, object]) -> dict[str, object]:
    """A command's content as the log keeps it: without secrets."""
    return {name: "***" if name == "password" and value else value for name, value in body.items()}
