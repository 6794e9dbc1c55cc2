"""Settings that business rules depend on, apart from the database so that every process can read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentOptions:
    """Limits of payments and refunds."""

    min_fen: int = 100
    max_fen: int = 100_000
    """Of one payment."""
    day_max_fen: int = 500_000
    """What one driver may pay in a Beijing day."""
    max_waiting: int = 5
    """Payments of one driver that wait to be paid at once."""
    expire_s: int = 900
    """An unpaid payment is closed after so long."""
    unused_s: int = 900
    """A prepayment no order has used by then goes back."""
    refund_days: int = 365
    """Older payments give nothing back by themselves."""
    refunds_a_day: int = 5
    """Refunds of the wallet one driver may ask for within 24 hours."""
    adjust_alone_fen: int = 5_000
    """What one driver may be given by hand within 24 hours without a second person."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Limits of exports."""

    max_rows: int = 1_000_000
    """Of one file."""
    max_file_mib: int = 200
    keep_h: int = 72
    """So long a file may be fetched."""
    max_kept: int = 20
    """Exports one of the staff has at once."""
    max_open: int = 3
    """Of these, such as are not over."""
    max_total_mib: int = 4_096
    """Of all files together."""
