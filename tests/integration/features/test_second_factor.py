"""Signing in with a code of a phone after the password, over HTTP."""

import asyncio
from typing import Any

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.features.operators.jobs import forget
from chargecloud.features.operators.messages import OWN, PERMISSIONS_OF, Role
from chargecloud.features.operators.model_second_factor import STEP_MS, totp
from chargecloud.features.operators.sql import tickets
from chargecloud.infra.sql.engine import Database
from chargecloud.main.features import resolvers
from tests.support.api import Api, Caller

PASSWORD = "correct horse battery"
WRONG = "000000"


class Phone:
    """Somebody with a password, and with an app that has their secret."""

    def __init__(self, api: Api, username: str) -> None:
        self.api, self.username, self.secret = api, username, ""
        self.recovery_codes: list[str] = []

    def code(self, late_steps: int = 0) -> str:
        return totp(self.secret, self.api.clock.now_ms() // STEP_MS + late_steps)

    async def send(self, path: str, body: dict[str, str], status: int) -> Any:
        response = await self.api.client.post(f"/api/v1/staff/{path}", json=body)
        self.api.client.cookies.clear()
        assert response.status_code == status, response.text
        return response

    async def password(self, status: int = 200) -> Any:
        return (await self.send("sign-in", {"username": self.username, "password": PASSWORD}, status)).json()

    async def second(self, code: str, status: int = 200, ticket: str = "") -> Any:
        ticket = ticket or (await self.password(202))["ticket"]
        return (await self.send("sign-in/code", {"ticket": ticket, "code": code}, status)).json()

    def caller(self, answer: Any) -> Caller:
        return Caller(self.api.client, answer["staff"]["id"], answer["token"])

    async def enrol(self) -> Caller:
        me = self.caller(await self.password())
        begun = await me.post("/staff/me/second-factor", {"password": PASSWORD})
        self.secret = begun["secret"]
        assert begun["qr_svg"].startswith("<svg") and self.secret in begun["address"]
        done = await me.post("/staff/me/second-factor/confirmation", {"code": self.code()}, 200)
        self.recovery_codes = done["recovery_codes"]
        return me


async def made(api: Api, username: str, role: Role) -> Phone:
    password_hash = await operators.hash_password(PASSWORD, username=username, role=role)
    async with api.database.unit() as uow:
        new = operators.NewStaff(username=username, display_name=username, role=role, password_hash=password_hash)
        await operators.create_staff(uow, new)
    return Phone(api, username)


@pytest.fixture
async def phone(api: Api) -> Phone:
    return await made(api, "wangfang", Role.FINANCE)


async def test_password_first_then_the_code_and_no_session_between(api: Api, phone: Phone) -> None:
    await phone.enrol()
    api.clock.advance(STEP_MS)
    first = await phone.send("sign-in", {"username": phone.username, "password": PASSWORD}, 202)
    assert "set-cookie" not in first.headers
    ticket = first.json()["ticket"]
    assert first.json().keys() == {"ticket", "expires_at"}
    await Caller(api.client, 0, ticket).get("/staff/me", 401)
    me = phone.caller(await phone.second(phone.code(), ticket=ticket))
    assert (await me.get("/staff/me"))["staff"]["second_factor"] is True
    api.clock.advance(STEP_MS)
    assert (await phone.second(phone.code(), 401, ticket))["code"] == "sign_in_ticket_ended"


async def test_a_code_is_good_once_even_for_two_at_once(api: Api, phone: Phone) -> None:
    await phone.enrol()
    assert (await phone.second(phone.code(), 401))["code"] == "wrong_sign_in_code"  # the one that confirmed
    api.clock.advance(STEP_MS)
    bodies = [{"ticket": (await phone.password(202))["ticket"], "code": phone.code()} for _ in range(2)]
    both = await asyncio.gather(*(api.client.post("/api/v1/staff/sign-in/code", json=body) for body in bodies))
    assert sorted(each.status_code for each in both) == [200, 401]


async def test_a_recovery_code_is_good_once(api: Api, phone: Phone) -> None:
    await phone.enrol()
    me = phone.caller(await phone.second(phone.recovery_codes[3].lower()))
    state = await me.get("/staff/me/second-factor")
    assert state == {"on": True, "required": False, "recovery_codes_left": 9}
    assert (await phone.second(phone.recovery_codes[3], 401))["code"] == "wrong_sign_in_code"


async def test_another_ones_recovery_code_opens_nothing(api: Api, phone: Phone) -> None:
    await phone.enrol()
    other = await made(api, "liwei", Role.FINANCE)
    await other.enrol()
    assert (await phone.second(other.recovery_codes[0], 401))["code"] == "wrong_sign_in_code"
    await other.second(other.recovery_codes[0])


async def test_wrong_codes_lock_like_wrong_passwords(api: Api, phone: Phone) -> None:
    await phone.enrol()
    api.clock.advance(31 * 86_400_000)  # no place is known any more
    ticket = (await phone.password(202))["ticket"]
    for _ in range(5):
        await phone.second(WRONG, 401, ticket)
    assert (await phone.second(phone.code(), 429, ticket))["code"] == "account_locked"
    assert (await phone.password(429))["code"] == "account_locked"


async def test_parallel_guesses_do_not_slip_past_the_limit(api: Api, phone: Phone) -> None:
    await phone.enrol()
    ticket = (await phone.password(202))["ticket"]

    async def guess() -> int:
        body = {"ticket": ticket, "code": WRONG}
        return (await api.client.post("/api/v1/staff/sign-in/code", json=body)).status_code

    assert sorted(await asyncio.gather(*(guess() for _ in range(12)))) == [401] * 5 + [429] * 7


async def test_the_right_password_alone_is_neither_failure_nor_sign_in(api: Api, phone: Phone) -> None:
    await phone.enrol()
    for _ in range(7):
        await phone.password(202)
    api.clock.advance(STEP_MS)
    await phone.second(phone.code())
    reader = await api.staff(Role.AUDITOR)
    tries = [(each["step"], each["succeeded"]) for each in (await reader.get("/sign-ins"))["items"]]
    assert tries[:2] == [("code", True), ("password_right", False)]
    assert tries[-1] == ("password", True)


async def test_a_ticket_ends_in_time_with_a_new_password_and_with_the_account(api: Api, phone: Phone) -> None:
    me = await phone.enrol()
    boss = await api.staff(Role.ADMINISTRATOR)
    late = (await phone.password(202))["ticket"]
    api.clock.advance(5 * 60_000)
    assert (await phone.second(phone.code(), 401, late))["code"] == "sign_in_ticket_ended"
    disabled = (await phone.password(202))["ticket"]
    await boss.patch(f"/staff/{me.id}", {"disabled": True})
    assert (await phone.second(phone.code(), 401, disabled))["code"] == "sign_in_ticket_ended"
    await boss.patch(f"/staff/{me.id}", {"disabled": False})
    reset = (await phone.password(202))["ticket"]
    await boss.post(f"/staff/{me.id}/password", {"new_password": PASSWORD}, 204)
    assert (await phone.second(phone.code(), 401, reset))["code"] == "sign_in_ticket_ended"


async def test_tickets_are_forgotten(api: Api, database: Database, phone: Phone) -> None:
    await phone.enrol()
    await phone.password(202)
    api.clock.advance(5 * 60_000)
    await forget(database)
    async with database.read() as connection:
        assert (await connection.execute(tickets.select())).all() == []


async def test_nothing_is_asked_before_a_code_was_seen(api: Api, phone: Phone) -> None:
    me = phone.caller(await phone.password())
    early = await me.post("/staff/me/second-factor/confirmation", {"code": WRONG}, 409)
    assert early["code"] == "second_factor_not_begun"
    assert (await me.post("/staff/me/second-factor", {"password": "not this one"}, 400))["code"] == "wrong_password"
    first = await me.post("/staff/me/second-factor", {"password": PASSWORD})
    phone.secret = (await me.post("/staff/me/second-factor", {"password": PASSWORD}))["secret"]
    assert first["secret"] != phone.secret
    wrong = await me.post("/staff/me/second-factor/confirmation", {"code": WRONG}, 400)
    assert wrong["code"] == "wrong_code"
    await phone.password(200)


async def test_enrolling_ends_other_sessions_and_happens_once(api: Api, phone: Phone) -> None:
    elsewhere = phone.caller(await phone.password())
    me = await phone.enrol()
    await elsewhere.get("/staff/me", 401)
    await me.get("/staff/me")
    assert (await me.post("/staff/me/second-factor", {"password": PASSWORD}, 409))["code"] == "second_factor_on"


async def test_removal_takes_both_factors(api: Api, phone: Phone) -> None:
    me = await phone.enrol()
    api.clock.advance(STEP_MS)
    path = "/staff/me/second-factor/removal"
    for body in ({"password": "not this one", "code": phone.code()}, {"password": PASSWORD, "code": WRONG}):
        assert (await me.post(path, body, 400))["code"] == "wrong_password_or_code"
    await me.post(path, {"password": PASSWORD, "code": phone.code()}, 204)
    await phone.password(200)
    assert (await me.post(path, {"password": PASSWORD, "code": WRONG}, 409))["code"] == "second_factor_off"


async def test_an_administrator_resets_another_and_it_is_written_down(api: Api, phone: Phone) -> None:
    me = await phone.enrol()
    boss = await api.staff(Role.ADMINISTRATOR)
    path = f"/staff/{me.id}/second-factor"
    await me.delete(path, 403)
    await boss.delete(path)
    await me.get("/staff/me", 401)
    await phone.password(200)
    assert (await boss.delete(path, 409))["code"] == "second_factor_off"
    assert (await boss.delete(f"/staff/{boss.id}/second-factor", 422))["code"] == "not_yourself"
    entries = (await boss.get("/audit-log", object=f"staff:{me.id}"))["items"]
    assert [each["action"] for each in entries] == ["staff.reset_second_factor", "staff.enable_second_factor"]
    assert phone.secret not in str(entries)


async def test_the_demo_enrols_nothing(api: Api) -> None:
    demo = await api.staff(Role.DEMO)
    assert (await demo.post("/staff/me/second-factor", {"password": PASSWORD}, 403))["code"] == "permission_missing"


async def test_whose_role_needs_one_can_only_set_it_up(api: Api, phone: Phone) -> None:
    needed = frozenset({Role.FINANCE.value})
    api.database.options = api.database.options.__class__(second_factor_roles=needed)
    api.app.state.resolvers = resolvers(api.database.options)
    answer = await phone.password()
    assert answer["permissions"] == [OWN]
    me = phone.caller(answer)
    await me.get("/orders", 403)
    assert (await me.get("/staff/me"))["second_factor_missing"] is True
    await me.post("/staff/sign-out", status=204)
    me = await phone.enrol()
    await me.get("/orders")
    state = await me.get("/staff/me")
    assert (state["second_factor_missing"], state["permissions"]) == (False, sorted(PERMISSIONS_OF[Role.FINANCE]))
    body = {"password": PASSWORD, "code": phone.recovery_codes[0]}
    refused = await me.post("/staff/me/second-factor/removal", body, 422)
    assert refused["code"] == "second_factor_required"
    await (await api.staff(Role.DISPATCHER)).get("/orders")
