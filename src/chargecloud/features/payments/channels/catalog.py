"""The channels that are open here, and why the others are not."""

from collections.abc import Iterator, Mapping

from chargecloud.features.payments.channels.contract import PaymentChannel
from chargecloud.kernel.errors import NotFound, Unavailable


class Channels:
    """Every way of taking money this process was given.

    `closed` names those that are known but not configured, each with what is missing.
    """

    def __init__(self, *channels: PaymentChannel, closed: Mapping[str, str] | None = None) -> None:
        names = [channel.name for channel in channels]
        if len(names) != len(set(names)):
            raise ValueError(f"two channels share a name: {sorted(names)}")
        self._open = {channel.name: channel for channel in channels}
        self._closed = dict(closed or {})

    def __iter__(self) -> Iterator[PaymentChannel]:
        return iter(self._open.values())

    def __contains__(self, name: str) -> bool:
        return name in self._open

    def named(self, name: str) -> PaymentChannel:
        """An open channel; Unavailable says what is missing, NotFound that nobody knows it."""
        if name in self._open:
            return self._open[name]
        if name in self._closed:
            raise Unavailable(
                f"支付渠道 {name} 尚未配置：{self._closed[name]}",
                "channel_not_configured",
                channel=name,
                missing=self._closed[name],
            )
        known = "、".join((*self._open, *self._closed)) or "（无）"
        raise NotFound(f"没有支付渠道 {name}，现有：{known}", "channel_unknown", channel=name)
