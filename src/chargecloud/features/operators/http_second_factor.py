"""The second step of signing in, and one's own second factor."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from chargecloud.features.operators import service
from chargecloud.features.operators.http_models import Password, SignInOut
from chargecloud.features.operators.messages import OWN
from chargecloud.infra.http.auth import CurrentStaff, Principal, presented_token, require, set_session_cookie
from chargecloud.infra.http.context import Db, Source
from chargecloud.infra.http.model import ApiModel, Id

router = APIRouter(tags=["staff"])

Writer = Annotated[Principal, Depends(require("staff.write"))]
Myself = Annotated[Principal, Depends(require(OWN))]
Code = Annotated[str, Field(min_length=6, max_length=32)]


class SignInCode(ApiModel):
    """The ticket a password was answered with, and a code of the phone or a recovery code."""

    ticket: Annotated[str, Field(min_length=1, max_length=200)]
    code: Code


class SecondFactorOut(ApiModel):
    """Whether a code is asked for after the password."""

    on: bool
    required: bool
    """By the role: without it nothing but one's own account can be used."""
    recovery_codes_left: int


class EnrolmentIn(ApiModel):
    """The password once more: an open browser alone is not enough."""

    password: Password


class EnrolmentOut(ApiModel):
    """What an authenticator app has to be told, shown this once."""

    secret: str
    address: str
    qr_svg: str
    """The address as a QR code, a picture of SVG."""


class ConfirmationIn(ApiModel):
    """A first code of the phone."""

    code: Code


class RecoveryCodesOut(ApiModel):
    """Each is good for one sign-in without the phone; shown this once."""

    recovery_codes: list[str]


class RemovalIn(ApiModel):
    """Both factors once more."""

    password: Password
    code: Code


@router.post("/staff/sign-in/code", operation_id="signInWithCode", summary="登录：验证码")
async def sign_in_with_code(
    body: SignInCode, db: Db, source: Source, request: Request, response: Response
) -> SignInOut:
    """The second step, within five minutes after the password. A code is good once; wrong ones count as failures."""
    agent = request.headers.get("user-agent", "")
    wanted = service.SignInCode(ticket=body.ticket, code=body.code, source=source, agent=agent)
    issued = await service.sign_in_with_code(db, wanted)
    set_session_cookie(request, response, issued.token)
    return SignInOut.of(issued, db.options.second_factor_roles)


@router.get("/staff/me/second-factor", operation_id="getMySecondFactor", summary="本人动态验证码")
async def my_second_factor(staff: CurrentStaff, db: Db) -> SecondFactorOut:
    """Whether I have one, and how many recovery codes are left."""
    async with db.read() as connection:
        member = await service.staff_member(connection, staff.id)
        found = await service.second_factor(connection, member, db.options.second_factor_roles)
    return SecondFactorOut(on=found.on, required=found.required, recovery_codes_left=found.recovery_codes_left)


@router.post(
    "/staff/me/second-factor", operation_id="beginMySecondFactor", status_code=201, summary="获取动态验证码密钥"
)
async def begin_my_second_factor(body: EnrolmentIn, staff: Myself, db: Db, response: Response) -> EnrolmentOut:
    """A new secret for my phone; nothing is asked for before a code of it is confirmed."""
    begun = await service.begin_second_factor(db, staff, body.password)
    picture = io.BytesIO()
    segno.make_qr(begun.address, error="m").save(picture, kind="svg", scale=4, border=4, light="#fff", xmldecl=False)
    response.headers["cache-control"] = "no-store"
    return EnrolmentOut(secret=begun.secret, address=begun.address, qr_svg=picture.getvalue().decode().strip())


@router.post("/staff/me/second-factor/confirmation", operation_id="confirmMySecondFactor", summary="启用动态验证码")
async def confirm_my_second_factor(
    body: ConfirmationIn, staff: Myself, db: Db, request: Request, response: Response
) -> RecoveryCodesOut:
    """From now on a code is asked for when I sign in; my other sessions end."""
    async with db.unit() as uow:
        codes = await service.confirm_second_factor(uow, staff, body.code, presented_token(request))
    response.headers["cache-control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)


@router.post(
    "/staff/me/second-factor/removal", operation_id="removeMySecondFactor", status_code=204, summary="停用动态验证码"
)
async def remove_my_second_factor(body: RemovalIn, staff: Myself, db: Db) -> None:
    """Sign in with the password alone again; refused where the role needs a code."""
    await service.remove_second_factor(db, staff, password=body.password, code=body.code)


@router.delete(
    "/staff/{staff_id}/second-factor", operation_id="resetSecondFactor", status_code=204, summary="重置动态验证码"
)
async def reset_second_factor(staff_id: Id, writer: Writer, db: Db) -> None:
    """Somebody has lost their phone: their second factor and their sessions end."""
    async with db.unit() as uow:
        await service.reset_second_factor(uow, writer, staff_id)
