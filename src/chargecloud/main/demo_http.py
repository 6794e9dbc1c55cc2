"""What is said in the demo and nowhere else: the public account, and a driver of one's own."""

from fastapi import APIRouter

from chargecloud.infra.http.context import Db, Limits, Source
from chargecloud.infra.http.model import ApiModel
from chargecloud.kernel.errors import TooMany
from chargecloud.main import demo_seed

VISITORS_A_DAY = 50
"""From one address; each is a driver with a balance."""

router = APIRouter(prefix="/api/v1/demo", tags=["demo"])


class DemoOut(ApiModel):
    """That this is the demo, and the account that may look at everything and change nothing."""

    username: str
    password: str


class VisitorOut(ApiModel):
    """A driver with a balance, for one visitor."""

    driver_id: int
    name: str
    token: str


@router.get("", operation_id="getDemo", summary="演示说明")
async def demo() -> DemoOut:
    """Only the demo answers here."""
    return DemoOut(username=demo_seed.DEMO_USERNAME, password=demo_seed.DEMO_PASSWORD)


@router.post("/visitors", operation_id="createVisitor", status_code=201, summary="演示车主")
async def create_visitor(db: Db, limits: Limits, source: Source) -> VisitorOut:
    """A driver of one's own, with 200 yuan that exist only here."""
    if not await limits.take(f"demo.visitor:{source}", limit=VISITORS_A_DAY, window_s=86_400):
        raise TooMany("今天从这个地址来的演示车主太多了，请明天再来", "too_many_visitors", limit=VISITORS_A_DAY)
    async with db.unit() as uow:
        driver, issued = await demo_seed.new_visitor(uow)
    return VisitorOut(driver_id=driver.driver_id, name=driver.name, token=issued.token)
