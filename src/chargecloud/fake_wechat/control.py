"""The control API: what a test or a person at the demo does to this world. Loopback only, no authentication."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from chargecloud.fake_wechat import payments, people
from chargecloud.fake_wechat.bills import HEADER
from chargecloud.fake_wechat.faults import DEFAULT_DELAY_S, CallFault, NoticeFault
from chargecloud.fake_wechat.notices import VARIANTS
from chargecloud.fake_wechat.pay_http import PayApi
from chargecloud.fake_wechat.returns import view as refund_view
from chargecloud.fake_wechat.world import Order, Person, World
from chargecloud.kernel.clock import rfc3339

Json = dict[str, object]
Name = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^/?#\s]+$")]
Variant = Literal["again", "stale", "tampered", "signtest", "unknown_serial", "other_merchant"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonIn(_In):
    """Somebody; made when there is nobody of this name, otherwise only what is given changes."""

    name: Name
    phone: str | None = Field(None, pattern=r"^1[0-9]{10}$")
    balance_fen: int | None = Field(None, ge=0)
    blocked: bool | None = Field(None, description="jscode2session answers 40226")


class MessagesIn(_In):
    """A tap on 允许 for messages of a template, so many times."""

    template_id: str = Field(min_length=1, max_length=100)
    count: int = Field(1, ge=0, le=100)


class WorldIn(_In):
    """What is to be otherwise from now on; what is not given stays."""

    mode: Literal["public_key", "certificate", "mixed"] | None = None
    rotate: bool = Field(False, description="one platform certificate more; it signs from now on")
    speed: float | None = Field(None, gt=0, le=100_000)
    refund_after_s: float | Literal["never"] | None = Field(None, description="`never`: refunds wait to be ended here")
    merchant_fen: int | None = Field(None, ge=-1, description="what refunds are paid from; -1: always enough")
    bills_at_once: bool | None = None
    managed: bool | None = None
    advance_s: float = Field(0, ge=0, le=400 * 86_400, description="business time that has passed all at once")


class FaultIn(_In):
    """What goes wrong next."""

    at: Literal["call", "notice"]
    kind: str
    times: int = Field(1, ge=1, le=10_000)
    path: str = Field("", description="only calls with this in their path")
    seconds: float = Field(DEFAULT_DELAY_S, ge=0, le=3_600)


class EndIn(_In):
    """How a refund ends."""

    state: Literal["SUCCESS", "CLOSED", "ABNORMAL"]


class ProbeIn(_In):
    """Which variant of the order's notice is sent once."""

    variant: Variant


class AddedRowIn(_In):
    """A row of a day's bill that stands for nothing here."""

    day: date
    cells: dict[str, str]


class BillsIn(_In):
    """Differences to find; numbers are those of payments or refunds."""

    hide: tuple[str, ...] = ()
    alter: dict[str, dict[str, str]] = Field(default_factory=dict)
    add: tuple[AddedRowIn, ...] = ()


def router(api: PayApi, save: Callable[[], None]) -> APIRouter:
    """Everything below /control. `save` writes the keys after a rotation."""
    routes = APIRouter(prefix="/control", tags=["control"])
    _of_people(routes, api.world)
    _of_world(routes, api, save)
    _of_money(routes, api)
    return routes


def _of_people(routes: APIRouter, world: World) -> None:
    @routes.get("/people", operation_id="listPeople")
    async def everybody() -> list[Json]:
        return [_person(world, each) for each in world.people.values()]

    @routes.post("/people", operation_id="putPerson")
    async def put(given: PersonIn) -> Json:
        person = world.person(given.name)
        for name in ("phone", "balance_fen", "blocked"):
            if getattr(given, name) is not None:
                setattr(person, name, getattr(given, name))
        return _person(world, person)

    @routes.post("/people/{name}/codes", operation_id="newLoginCode")
    async def login_code(name: Name) -> Json:
        person = _known(world, name)
        return {"code": people.login_code(world, person, world.keys.appid), "openid": person.openid(world.keys.appid)}

    @routes.post("/people/{name}/phone-codes", operation_id="newPhoneCode")
    async def phone_code(name: Name) -> Json:
        return {"code": people.phone_code(world, _known(world, name), world.keys.appid)}

    @routes.post("/people/{name}/messages", operation_id="allowMessages")
    async def allow(name: Name, given: MessagesIn) -> Json:
        allowed = _known(world, name).messages_allowed
        allowed[given.template_id] = allowed.get(given.template_id, 0) + given.count
        return {"template_id": given.template_id, "count": allowed[given.template_id]}


def _of_world(routes: APIRouter, api: PayApi, save: Callable[[], None]) -> None:
    world = api.world

    @routes.get("/world", operation_id="getWorld")
    async def state() -> Json:
        return _world(api)

    @routes.post("/world", operation_id="changeWorld")
    async def change(given: WorldIn) -> Json:
        for name in ("mode", "speed", "bills_at_once", "managed"):
            if getattr(given, name) is not None:
                setattr(world, name, getattr(given, name))
        if given.refund_after_s is not None:
            world.refund_after_s = None if given.refund_after_s == "never" else float(given.refund_after_s)
        if given.merchant_fen is not None:
            world.merchant_fen = given.merchant_fen if given.merchant_fen >= 0 else None
        if given.rotate:
            world.keys.rotate(world.clock.signing_ms())
            save()
        world.clock.advance(int(given.advance_s * 1000))
        api.agenda.run(world.now_ms())
        return _world(api)

    @routes.post("/faults", operation_id="planFault")
    async def plan(given: FaultIn) -> list[Json]:
        kinds: type[CallFault] | type[NoticeFault] = CallFault if given.at == "call" else NoticeFault
        if given.kind not in list(kinds):
            raise HTTPException(422, f"kind: {given.at} knows {', '.join(kinds)}")
        if given.at == "call":
            api.faults.plan_call(CallFault(given.kind), times=given.times, path=given.path, seconds=given.seconds)
        else:
            api.faults.plan_notice(NoticeFault(given.kind), times=given.times, seconds=given.seconds)
        return api.faults.view()

    @routes.delete("/faults", operation_id="clearFaults")
    async def clear() -> list[Json]:
        api.faults.clear()
        return api.faults.view()

    @routes.get("/log", operation_id="getLog")
    async def log(failed: bool = False) -> list[Json]:
        return [line.view() for line in world.log if not (failed and line.ok)]


def _of_money(routes: APIRouter, api: PayApi) -> None:
    world = api.world

    @routes.get("/orders", operation_id="listOrders")
    async def orders() -> list[Json]:
        return [_order(world, each) for each in world.orders.values()]

    @routes.post("/orders/{payment_no}/pay", operation_id="payOrder")
    async def pay(payment_no: str) -> Json:
        order = _order_of(world, payment_no)
        payments.settle_expiry(world, order)
        if order.state != "NOTPAY":
            raise HTTPException(409, f"the order is {order.state}")
        payments.pay(world, order)
        api.notifier.paid(order)
        return _order(world, order)

    @routes.post("/orders/{payment_no}/probes", operation_id="probeNotice")
    async def probe(payment_no: str, given: ProbeIn) -> Json:
        about = {payment_no, *(refund.refund_no for refund in _order_of(world, payment_no).refunds)}
        notices = [notice for notice in api.notifier.kept if notice.about in about]
        if not notices:
            raise HTTPException(409, "nothing has been told about this order yet: it is not paid")
        return {"variant": given.variant, "status": await api.notifier.probe(notices[0], given.variant)}

    @routes.get("/refunds", operation_id="listRefunds")
    async def refunds() -> list[Json]:
        return [refund_view(each) for each in world.refunds.values()]

    @routes.post("/refunds/{refund_no}/end", operation_id="endRefund")
    async def end(refund_no: str, given: EndIn) -> Json:
        refund = world.refunds.get(refund_no)
        if refund is None:
            raise HTTPException(404, "no such refund")
        if not api.end_refund(refund, given.state):
            raise HTTPException(409, f"the refund is {refund.state}")
        return refund_view(refund)

    @routes.get("/notices", operation_id="listNotices")
    async def notices() -> list[Json]:
        return [each.view() for each in api.notifier.kept]

    @routes.post("/bills", operation_id="plantDifferences")
    async def plant(given: BillsIn) -> Json:
        rows = [*given.alter.values(), *(each.cells for each in given.add)]
        unknown = sorted({name for cells in rows for name in cells} - set(HEADER))
        if unknown:
            raise HTTPException(422, f"no column {', '.join(unknown)}")
        planted = api.bills.planted
        planted.hidden.update(given.hide)
        planted.altered.update(given.alter)
        planted.added.extend((each.day, each.cells) for each in given.add)
        return {"hidden": len(planted.hidden), "altered": len(planted.altered), "added": len(planted.added)}


def _known(world: World, name: str) -> Person:
    if name not in world.people:
        raise HTTPException(404, "nobody of this name; POST /control/people makes somebody")
    return world.people[name]


def _order_of(world: World, payment_no: str) -> Order:
    if payment_no not in world.orders:
        raise HTTPException(404, "no such order")
    return world.orders[payment_no]


def _person(world: World, person: Person) -> Json:
    return {
        "name": person.name,
        "openid": person.openid(world.keys.appid),
        "unionid": person.unionid,
        "phone": person.phone,
        "balance_fen": person.balance_fen,
        "blocked": person.blocked,
        "messages_allowed": dict(person.messages_allowed),
    }


def _order(world: World, order: Order) -> Json:
    return payments.view(world, order) | {
        "openid": order.openid,
        "prepay_id": order.prepay_id,
        "notify_url": order.notify_url,
        "description": order.description,
        "expires_at": rfc3339(order.expires_at_ms),
        "refunds": [refund.refund_no for refund in order.refunds],
        "shipped": order.shipped,
    }


def _world(api: PayApi) -> Json:
    world = api.world
    return {
        "mode": world.mode,
        "appid": world.keys.appid,
        "mchid": world.keys.mchid,
        "public_key_id": world.keys.public_key_id,
        "platform_serials": [each.serial for each in world.keys.platforms],
        "now": rfc3339(world.now_ms()),
        "speed": world.speed,
        "refund_after_s": "never" if world.refund_after_s is None else world.refund_after_s,
        "merchant_fen": world.merchant_fen,
        "bills_at_once": world.bills_at_once,
        "managed": world.managed,
        "faults": api.faults.view(),
        "people": len(world.people),
        "orders": len(world.orders),
        "refunds": len(world.refunds),
        "waiting": len(api.agenda),
        "variants": list(VARIANTS),
    }
