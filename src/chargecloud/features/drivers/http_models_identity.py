"""What an app sends to sign a driver in, and what it is answered."""

from typing import Annotated, Literal, Self

from pydantic import Field

from chargecloud.features.drivers.service_identity import SignedIn
from chargecloud.infra.http.model import ApiModel, Moment

Code = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class DriverSignInBody(ApiModel):
    """A code that the channel gave the app."""

    channel: Literal["wechat"] = "wechat"
    appid: Annotated[str, Field(max_length=32, description="空串表示平台的小程序")] = ""
    code: Annotated[Code, Field(description="wx.login 给出的 code，5 分钟内只能用一次")]
    device_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class DriverSignInOut(ApiModel):
    """A session, with its token shown this once."""

    openid: str
    token: str
    token_id: int
    expires_at: Moment
    driver_id: int
    new_driver: bool
    phone_masked: str

    @classmethod
    def of(cls, signed: SignedIn) -> Self:
        return cls(
            openid=signed.session.openid,
            token=signed.token,
            token_id=signed.session.token_id,
            expires_at=signed.expires_at_ms,
            driver_id=signed.session.driver.driver_id,
            new_driver=signed.new_driver,
            phone_masked=signed.session.driver.phone_masked,
        )


class PhoneCodeBody(ApiModel):
    """A code of the button that asks for the phone number."""

    code: Code
