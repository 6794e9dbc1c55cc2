"""The host as a role: whoever speaks 0x11, 0x12 or 0x17, be it a box of its own or a board that carries the modem."""

from __future__ import annotations

from chargecloud.protocols.dny.codec import Decoded, encode
from chargecloud.protocols.dny.conversation import HubConversation
from chargecloud.protocols.dny.frames import acks, uplinks
from chargecloud.protocols.dny.mapping.live import hub_reported, hub_sampled

HOST_REPORTS = frozenset(
    {
        uplinks.HostHeartbeat,
        uplinks.HostTimeSync,
        uplinks.HostUpgradeRequest,
        uplinks.HostStatus,
        uplinks.SlaveVersions,
        uplinks.FskRequest,
    }
)


def on_report(hub: HubConversation, decoded: Decoded) -> None:
    """A host tells about itself. It needs no admission: nothing here starts, bills or reveals anything."""
    hub.host_id = decoded.physical_id
    frame = decoded.frame
    if isinstance(frame, uplinks.HostTimeSync):
        answer = acks.HostTimeAnswer(timestamp=hub.wall_ms // 1000)
        hub.say_bytes(encode(answer, decoded.physical_id, decoded.message_id))
    elif isinstance(frame, uplinks.HostHeartbeat):
        hub.host_frame = frame
        tell_admitted(hub)
    elif isinstance(frame, uplinks.HostStatus):
        for code in hub.charge_point_codes[:1]:
            hub.tell(hub_sampled(code, decoded.physical_id, frame))


def tell_admitted(hub: HubConversation) -> None:
    """Tell the host's latest report once, as soon as the platform knows a board behind it."""
    codes = hub.charge_point_codes
    if codes and hub.host_frame is not None and hub.host_id is not None:
        hub.tell(hub_reported(codes, hub.host_id, hub.host_frame, hub.wall_ms))
        hub.host_frame = None
