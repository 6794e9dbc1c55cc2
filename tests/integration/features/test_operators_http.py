"""Sign-in, sessions, lock-outs, staff and the audit log, over HTTP."""

import asyncio
from typing import Any

import pytest

from chargecloud.features.operators import service as operators
from chargecloud.features.operators import sql_staff
from chargecloud.features.operators.jobs import forget
from chargecloud.features.operators.messages import OWN, PERMISSIONS_OF, Role
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Refused
from tests.support.api import Api, Caller

PASSWORD = "correct horse battery"
MINUTE_MS = 60_000


@pytest.fixture
async def member(api: Api, database: Database) -> str:
    """Somebody with a password."""
    password_hash = await operators.hash_password(PASSWORD, username="wangfang", role=Role.FINANCE)
    async with database.unit() as uow:
        new = operators.NewStaff(
            username="wangfang", display_name="王芳", role=Role.FINANCE, password_hash=password_hash
        )
        await operators.create_staff(uow, new)
    return "wangfang"


async def sign_in(api: Api, username: str, password: str, status: int = 200) -> Any:
    response = await api.client.post("/api/v1/staff/sign-in", json={"username": username, "password": password})
    assert response.status_code == status, response.text
    return response


def caller(api: Api, token: str) -> Caller:
    return Caller(api.client, 0, token)


async def test_a_session_from_sign_in_to_sign_out(api: Api, member: str) -> None:
    answer = (await sign_in(api, "WangFang", PASSWORD)).json()
    assert answer["permissions"] == sorted(PERMISSIONS_OF[Role.FINANCE])
    me = caller(api, answer["token"])
    assert (await me.get("/staff/me"))["staff"]["display_name"] == "王芳"
    await me.post("/staff/sign-out", status=204)
    assert (await me.get("/staff/me", 401))["code"] == "not_signed_in"


async def test_the_cookie_is_out_of_reach_of_scripts(api: Api, member: str) -> None:
    cookie = (await sign_in(api, member, PASSWORD)).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    me = await api.client.get("/api/v1/staff/me")
    assert me.status_code == 200


async def test_a_cookie_alone_does_not_write_from_a_foreign_page(api: Api, member: str) -> None:
    await sign_in(api, member, PASSWORD)
    foreign = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    response = await api.client.post("/api/v1/staff/sign-out", json={}, headers=foreign)
    assert response.status_code == 403
    own = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
    assert (await api.client.post("/api/v1/staff/sign-out", headers=own)).status_code == 204


async def test_unknown_names_and_wrong_passwords_look_alike(api: Api, member: str) -> None:
    wrong = (await sign_in(api, member, "wrong password", 401)).json()
    unknown = (await sign_in(api, "nobody", "wrong password", 401)).json()
    assert wrong["code"] == unknown["code"] == "wrong_credentials"
    assert wrong["detail"] == unknown["detail"]


@pytest.mark.parametrize("username", ["wangfang", "nobody"])
async def test_five_failures_lock_whether_the_name_exists_or_not(api: Api, member: str, username: str) -> None:
    for _ in range(5):
        await sign_in(api, username, "wrong password", 401)
        api.clock.advance(5_000)
    locked = await sign_in(api, username, PASSWORD, 429)
    assert locked.json()["code"] == "account_locked"
    assert int(locked.headers["retry-after"]) == 15 * 60 - 25
    api.clock.advance(15 * MINUTE_MS)
    await sign_in(api, username, PASSWORD, 200 if username == "wangfang" else 401)


async def test_parallel_guesses_do_not_slip_past_the_limit(api: Api, member: str) -> None:
    async def guess(number: int) -> int:
        body = {"username": member, "password": f"wrong password {number}"}
        return (await api.client.post("/api/v1/staff/sign-in", json=body)).status_code

    statuses = await asyncio.gather(*(guess(number) for number in range(16)))
    assert sorted(statuses) == [401] * 5 + [429] * 11


async def test_two_administrators_cannot_disable_each_other_at_once(database: Database) -> None:
    made = []
    for username in ("first", "second"):
        async with database.unit() as uow:
            new = operators.NewStaff(
                username=username, display_name=username, role=Role.ADMINISTRATOR, password_hash="x"
            )
            made.append((await operators.create_staff(uow, new)).staff_id)

    async def disable(actor: int, other: int) -> str:
        principal = Principal(kind="staff", id=actor, name="x", operator_id=1)
        try:
            async with database.unit() as uow:
                await operators.change_staff(uow, principal, other, disabled=True)
        except Refused as error:
            return error.code
        return "ok"

    done = await asyncio.gather(disable(made[0], made[1]), disable(made[1], made[0]))
    assert sorted(done) == ["last_administrator", "ok"]


async def test_strangers_lock_themselves_out_and_not_the_owner(database: Database, api: Api, member: str) -> None:
    """T-CRED: the owner's usual place is not locked by guesses from elsewhere."""

    async def attempt(source: str, password: str) -> str:
        request = operators.SignIn(username=member, password=password, source=source)
        try:
            await operators.sign_in(database, request)
        except Exception as error:  # the code is what is compared
            return getattr(error, "code", repr(error))
        return "ok"

    assert await attempt("10.0.0.1", PASSWORD) == "ok"
    outcomes = [await attempt(f"203.0.113.{n}", "wrong password") for n in range(7)]
    assert outcomes == ["wrong_credentials"] * 5 + ["account_locked"] * 2
    assert await attempt("10.0.0.1", PASSWORD) == "ok"
    assert await attempt("203.0.113.99", PASSWORD) == "account_locked"


async def test_a_session_ends_when_idle_and_after_twelve_hours(api: Api, member: str) -> None:
    idle = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    api.clock.advance(31 * MINUTE_MS)
    await idle.get("/staff/me", 401)
    busy = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    for _ in range(12 * 3 - 1):
        api.clock.advance(20 * MINUTE_MS)
        await busy.get("/staff/me")
    api.clock.advance(20 * MINUTE_MS)
    await busy.get("/staff/me", 401)


async def test_sessions_are_listed_and_ended_one_by_one(api: Api, member: str) -> None:
    first = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    second = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    items = (await second.get("/staff/me/sessions"))["items"]
    assert len(items) == 2 and items[0]["source"] == "127.0.0.1"
    await second.delete(f"/staff/me/sessions/{items[1]['id']}")
    await first.get("/staff/me", 401)
    await second.delete(f"/staff/me/sessions/{items[1]['id']}", 404)


async def test_changing_a_password_ends_every_session(api: Api, member: str) -> None:
    first = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    second = caller(api, (await sign_in(api, member, PASSWORD)).json()["token"])
    wrong = {"old_password": "wrong password", "new_password": "another long one"}
    assert (await second.post("/staff/me/password", wrong, 400))["code"] == "wrong_password"
    weak = {"old_password": PASSWORD, "new_password": "12345678"}
    assert (await second.post("/staff/me/password", weak, 400))["code"] == "password_weak"
    await second.post("/staff/me/password", {"old_password": PASSWORD, "new_password": "another long one"}, 204)
    for one in (first, second):
        await one.get("/staff/me", 401)
    await sign_in(api, member, PASSWORD, 401)
    await sign_in(api, member, "another long one")


async def test_the_demo_account_keeps_its_password(api: Api) -> None:
    demo = await api.staff(Role.DEMO)
    body = {"old_password": "demo123", "new_password": "another long one"}
    assert (await demo.post("/staff/me/password", body, 403))["facts"] == {"permission": OWN}
    (session,) = (await demo.get("/staff/me/sessions"))["items"]
    assert (await demo.delete(f"/staff/me/sessions/{session['id']}", 403))["facts"] == {"permission": OWN}


async def test_staff_are_created_changed_disabled_and_everything_is_written_down(api: Api) -> None:
    boss = await api.staff()
    body = {"username": "lilei", "display_name": "李雷", "role": "dispatcher", "password": PASSWORD}
    made = await boss.post("/staff", body)
    assert made["role"] == "dispatcher" and "password" not in str(made)
    assert (await boss.post("/staff", body, 409))["code"] == "username_taken"
    token = (await sign_in(api, "lilei", PASSWORD)).json()["token"]
    changed = await boss.patch(f"/staff/{made['id']}", {"role": "auditor", "display_name": "李磊"})
    assert (changed["role"], changed["display_name"]) == ("auditor", "李磊")
    assert "orders.write" not in (await caller(api, token).get("/staff/me"))["permissions"]
    await boss.patch(f"/staff/{made['id']}", {"disabled": True})
    await caller(api, token).get("/staff/me", 401)
    await sign_in(api, "lilei", PASSWORD, 401)
    log = (await boss.get("/audit-log", object=f"staff:{made['id']}"))["items"]
    assert [entry["action"] for entry in log] == ["staff.change", "staff.change", "staff.create"]
    assert log[1]["facts"]["before"]["role"] == "dispatcher" and log[1]["facts"]["after"]["role"] == "auditor"
    assert len(log[1]["before_digest"]) == 64 and log[1]["before_digest"] != log[1]["after_digest"]
    assert log[0]["actor"] == f"staff:{boss.id}" and log[0]["source"] == "127.0.0.1" and log[0]["request_id"]


async def test_a_password_reset_ends_the_sessions(api: Api, member: str) -> None:
    boss = await api.staff()
    token = (await sign_in(api, member, PASSWORD)).json()["token"]
    found = (await boss.get("/staff", text="wangf"))["items"]
    await boss.post(f"/staff/{found[0]['id']}/password", {"new_password": "brand new words"}, 204)
    await caller(api, token).get("/staff/me", 401)
    await sign_in(api, member, "brand new words")


async def test_nobody_locks_the_house_from_inside(api: Api) -> None:
    boss = await api.staff()
    for change in ({"disabled": True}, {"role": "auditor"}):
        assert (await boss.patch(f"/staff/{boss.id}", change, 422))["code"] == "not_yourself"
    await boss.patch(f"/staff/{boss.id}", {"display_name": "老板"})


async def test_staff_are_listed_by_pages_and_filters(api: Api) -> None:
    boss = await api.staff()
    for role in (Role.FINANCE, Role.AUDITOR, Role.AUDITOR):
        await api.staff(role)
    first = await boss.get("/staff", limit=3)
    rest = await boss.get("/staff", limit=3, before=first["next"])
    assert len(first["items"]) == 3 and len(rest["items"]) == 1 and rest["next"] is None
    assert len((await boss.get("/staff", role="auditor"))["items"]) == 2
    assert (await boss.get("/staff", disabled=True))["items"] == []


async def test_another_operator_is_another_world(api: Api) -> None:
    ours, theirs = await api.staff(), await api.staff(operator="别家")
    await theirs.get(f"/staff/{ours.id}", 404)
    await theirs.patch(f"/staff/{ours.id}", {"disabled": True}, 404)
    assert [one["id"] for one in (await theirs.get("/staff"))["items"]] == [theirs.id]
    await ours.patch(f"/staff/{ours.id}", {"display_name": "老板"})
    assert (await theirs.get("/audit-log"))["items"] == []
    assert (await theirs.get("/sign-ins"))["items"] == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
async def test_only_administrators_manage_staff(api: Api, role: Role) -> None:
    somebody = await api.staff(role)
    body = {"username": "lilei", "display_name": "李雷", "role": "administrator", "password": PASSWORD}
    assert (await somebody.post("/staff", body, 403))["code"] == "permission_missing"
    await somebody.patch(f"/staff/{somebody.id}", {"role": "administrator"}, 403)
    await somebody.get("/staff", 200 if "staff.read" in PERMISSIONS_OF[role] else 403)


async def test_what_does_not_fit_is_named(api: Api) -> None:
    boss = await api.staff()
    unknown_role = {"username": "lilei", "display_name": "李雷", "role": "king", "password": PASSWORD}
    problem = await boss.post("/staff", unknown_role, 422)
    assert problem["code"] == "invalid_request" and "role" in str(problem)
    await boss.post("/staff", {**unknown_role, "role": "auditor", "operator_id": 2}, 422)
    problem = await boss.post("/staff", {**unknown_role, "role": "auditor", "username": "王芳"}, 400)
    assert problem["code"] == "invalid_username"


async def test_roles_are_shown_with_what_they_may(api: Api) -> None:
    items = (await (await api.staff(Role.DEMO)).get("/roles"))["items"]
    assert {item["role"] for item in items} == {role.value for role in Role}


async def test_drivers_and_strangers_are_no_staff(api: Api) -> None:
    assert (await (await api.driver()).get("/staff/me", 403))["code"] == "staff_only"
    await api.nobody().get("/staff/me", 401)
    assert (await api.client.get("/api/v1/staff/me")).status_code == 401


async def test_every_try_is_in_the_sign_in_log(api: Api, member: str) -> None:
    boss = await api.staff()
    await sign_in(api, member, "wrong password", 401)
    await sign_in(api, member, PASSWORD)
    items = (await boss.get("/sign-ins"))["items"]
    assert [(item["username"], item["succeeded"]) for item in items] == [(member, True), (member, False)]


async def test_ended_sessions_and_old_tries_are_forgotten(api: Api, database: Database, member: str) -> None:
    await sign_in(api, member, PASSWORD)
    api.clock.advance(181 * 86_400_000)
    await forget(database)
    boss = await api.staff()
    assert (await boss.get("/sign-ins"))["items"] == []


async def test_an_account_keeps_its_ten_newest_sessions(api: Api, member: str) -> None:
    tokens = []
    for _ in range(11):
        tokens.append((await sign_in(api, member, PASSWORD)).json()["token"])
        api.clock.advance(10_000)
    await caller(api, tokens[0]).get("/staff/me", 401)
    assert len((await caller(api, tokens[1]).get("/staff/me/sessions"))["items"]) == 10


async def test_names_are_those_of_the_own_operator_and_stay_when_somebody_leaves(api: Api, database: Database) -> None:
    boss, dispatcher = await api.staff(Role.ADMINISTRATOR), await api.staff(Role.DISPATCHER)
    async with database.unit() as uow:
        await sql_staff.add_operator(uow, name="另一家", operator_id=2)
        new = operators.NewStaff(
            username="elsewhere", display_name="别家", role=Role.FINANCE, password_hash="x", operator_id=2
        )
        elsewhere = (await operators.create_staff(uow, new)).staff_id
    await boss.patch(f"/staff/{dispatcher.id}", {"display_name": "赵六", "disabled": True})
    auditor = await api.staff(Role.DISPATCHER)
    names = {each["id"]: each["name"] for each in (await auditor.get("/staff-names"))["items"]}
    assert names[dispatcher.id] == "赵六"
    assert elsewhere not in names
    assert list(names) == sorted(names, reverse=True)
