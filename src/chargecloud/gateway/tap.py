"""Frames on their way to the frame log."""

from collections.abc import Sequence

from chargecloud.device.contract import FrameLog, Passage


class Tap:
    """Hands over what passed through a connection, and counts it."""

    __slots__ = ("_frame_log", "frames", "nameless", "passages")

    def __init__(self, frame_log: FrameLog) -> None:
        self._frame_log = frame_log
        self.passages = 0
        self.frames = 0
        self.nameless = 0
        """Frames of connections that had not introduced themselves; these are not logged."""

    def take(self, charge_point_code: str, protocol: str, passages: Sequence[Passage]) -> None:
        """Log what passed since the last sweep."""
        frames = 0
        for _, units in passages:
            frames += len(units)
        self.passages += len(passages)
        self.frames += frames
        if charge_point_code:
            self._frame_log.write(charge_point_code, protocol, passages)
        else:
            self.nameless += frames

    def counts(self) -> dict[str, int]:
        """Reads and commands that moved frames, frames in both directions, frames nobody could be named for."""
        return {"passages": self.passages, "frames": self.frames, "frames_nameless": self.nameless}
