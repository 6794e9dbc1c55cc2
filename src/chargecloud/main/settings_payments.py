"""The group of settings about payments and refunds."""

from pydantic import Field, model_validator

from chargecloud.infra.sql.options import PaymentOptions
from chargecloud.main.settings_section import Section

_PAYMENTS = PaymentOptions()


class PaymentSettings(Section):
    """Limits of payments and refunds."""

    min_fen: int = Field(_PAYMENTS.min_fen, ge=1, description="least of one payment")
    max_fen: int = Field(_PAYMENTS.max_fen, ge=1, description="most of one payment")
    day_max_fen: int = Field(_PAYMENTS.day_max_fen, ge=1, description="most one driver may pay in a day (Beijing time)")
    max_waiting: int = Field(_PAYMENTS.max_waiting, ge=1, description="unpaid payments a driver may have at once")
    expire_s: int = Field(
        _PAYMENTS.expire_s, ge=60, le=7_200, description="an unpaid payment is closed after so long, and a last query"
    )
    unused_s: int = Field(
        _PAYMENTS.unused_s, ge=60, description="a prepayment that no order has used by then goes back by itself"
    )
    refund_days: int = Field(
        _PAYMENTS.refund_days, ge=1, le=365, description="older payments give nothing back by themselves"
    )
    refunds_a_day: int = Field(
        _PAYMENTS.refunds_a_day, ge=1, description="refunds of the wallet a driver may ask for within 24 hours"
    )
    adjust_alone_fen: int = Field(
        _PAYMENTS.adjust_alone_fen,
        ge=0,
        description="what a driver's wallet may be given by hand within 24 hours without a second person's approval",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "PaymentSettings":
        if not self.min_fen <= self.max_fen <= self.day_max_fen:
            raise ValueError("min_fen, max_fen and day_max_fen have to grow in this order")
        return self
