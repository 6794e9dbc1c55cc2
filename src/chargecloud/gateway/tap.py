"""Frames on their way to the frame log."""

from chargecloud.device.contract import FrameLog
from chargecloud.device.unitlog import UnitLog


class Tap:
    """Hands over what passed through connections, and counts it."""

    __slots__ = ("_frame_log", "frames", "nameless")

    def __init__(self, frame_log: FrameLog) -> None:
        self._frame_log = frame_log
        self.frames = 0
        self.nameless = 0
        """Frames of connections that had not introduced themselves; these are not logged."""

    def take(self, charge_point_code: str, protocol: str, frames: UnitLog) -> None:
        """Log what passed since the last sweep."""
        amount = len(frames) // 2
        self.frames += amount
        if charge_point_code:
            self._frame_log.write(charge_point_code, protocol, frames)
        else:
            self.nameless += amount

    def counts(self) -> dict[str, int]:
        """Frames both ways, and how many of them nobody could be named for."""
        return {"frames": self.frames, "frames_nameless": self.nameless}
