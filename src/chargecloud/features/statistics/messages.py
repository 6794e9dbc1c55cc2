"""What is counted: figures of a span of time. Ratios are kept as their two sums and never as a mean of ratios."""

import msgspec


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a station or an operator did within a span of time.

    Orders, energy, fees and drivers belong to the day the order was settled, starts to the day they were asked for.
    """

    orders: int = 0
    abnormal_orders: int = 0
    """Of these, those that bear a flag."""
    energy_mwh: int = 0
    energy_fee_fen: int = 0
    service_fee_fen: int = 0
    """What drivers were charged, later corrections included."""
    active_drivers: int = 0
    """Different drivers; those of several stations or days cannot be added up."""
    starts: int = 0
    """Start commands of which it is known what became of them."""
    starts_succeeded: int = 0
    starts_ended_by_driver: int = 0
    """Failed starts that no device is to blame for: nothing was plugged in, or the driver changed their mind."""
