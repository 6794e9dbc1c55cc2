"""Frames on their way to the frame log."""

from collections.abc import Sequence

from chargecloud.device.contract import FrameLog


class Tap:
    """Hands over what passed through connections, and counts it."""

    __slots__ = ("_frame_log", "nameless", "passages")

    def __init__(self, frame_log: FrameLog) -> None:
        self._frame_log = frame_log
        self.passages = 0
        self.nameless = 0
        """Passages of connections that had not introduced themselves; these are not logged."""

    def take(self, charge_point_code: str, protocol: str, passages: Sequence[bytes]) -> None:
        """Log what passed since the last sweep."""
        self.passages += len(passages)
        if charge_point_code:
            self._frame_log.write(charge_point_code, protocol, passages)
        else:
            self.nameless += len(passages)

    def counts(self) -> dict[str, int]:
        """Reads and commands, and how many of them nobody could be named for; the log counts frames."""
        return {"passages": self.passages, "passages_nameless": self.nameless}
