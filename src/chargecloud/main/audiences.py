"""What workers listen to of all that a gateway tells: a gateway loads no feature that it could ask."""

from chargecloud.device import events
from chargecloud.infra.bus.contract import BUSINESS, LINGER_MS, TELEMETRY, Audience

AUDIENCES = (
    Audience(
        BUSINESS,
        (
            events.BalanceAsked,
            events.Beat,
            events.Booted,
            events.CameOnline,
            events.ChargeAborted,
            events.ChargeEnded,
            events.ClockReported,
            events.CommandEnded,
            events.FullyCharged,
            events.GatewayReported,
            events.HazardReported,
            events.HubReported,
            events.HubSampled,
            events.LockReported,
            events.LoginContested,
            events.MeterSampled,
            events.RecordUploaded,
            events.StartAnswered,
            events.StartRequested,
            events.StopAnswered,
            events.TariffReported,
            events.WentOffline,
            events.WireFaulted,
        ),
        LINGER_MS[BUSINESS],
    ),
    Audience(
        TELEMETRY,
        (
            events.BatteryDemand,
            events.BatteryIntroduced,
            events.BatteryLimits,
            events.BatteryStatus,
            events.ChargeAborted,
            events.ChargeEnded,
            events.ChargeFaulted,
            events.MeterSampled,
        ),
        LINGER_MS[TELEMETRY],
    ),
)
