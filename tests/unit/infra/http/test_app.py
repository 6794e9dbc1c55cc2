"""The application answers for itself: vital signs, metrics, its own description."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends

from chargecloud.infra.http.auth import Principal, require
from chargecloud.infra.http.model import ApiModel
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import Unavailable
from tests.support.http import Tokens, app_for, client_of, staff

router = APIRouter(tags=["things"])


class Thing(ApiModel):
    name: str


@router.post("/things", operation_id="create_thing", status_code=201)
async def create_thing(thing: Thing, _: Annotated[Principal, Depends(require("things.write"))]) -> Thing:
    """Make a thing."""
    return thing


async def test_lives_and_is_ready(database: Database) -> None:
    async with client_of(app_for(database)) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive", "service": "chargecloud", "role": "api"}
        ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "checks": {"database": "ok"}}


async def test_is_not_ready_while_a_part_does_not_answer(database: Database) -> None:
    async def broken() -> None:
        raise Unavailable("the bus is away", "bus_away")

    async with client_of(app_for(database, checks={"bus": broken})) as client:
        ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"database": "ok", "bus": "the bus is away"}


async def test_describes_itself_in_openapi_3_1(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/api/v1/things"]["post"]
    assert operation["operationId"] == "create_thing"
    assert operation["security"] == [{"bearer": []}, {"cookie": []}]
    assert "422" not in operation["responses"]
    refused = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
    assert refused == {"$ref": "#/components/schemas/Problem"}
    assert document["components"]["schemas"]["Thing"]["additionalProperties"] is False
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_every_reference_of_the_description_leads_somewhere(database: Database) -> None:
    async with client_of(app_for(database, [router])) as client:
        text = (await client.get("/api/v1/openapi.json")).text
        document = httpx.Response(200, text=text).json()
    schemas = document["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)


@pytest.mark.parametrize("switched_on", [True, False])
async def test_documentation_for_people_only_when_switched_on(database: Database, switched_on: bool) -> None:
    async with client_of(app_for(database, [router], docs=switched_on)) as client:
        page = await client.get("/api/docs")
        style = await client.get("/api/docs/style.css")
    assert page.status_code == style.status_code == (200 if switched_on else 404)
    if switched_on:
        assert "create_thing" in page.text and "<script" not in page.text and "style=" not in page.text


METRICS_CALLERS = [
    ({}, 200),
    ({"X-Forwarded-For": "203.0.113.9"}, 403),
    ({"Forwarded": "for=203.0.113.9"}, 403),
    ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer metrics-secret"}, 200),
    ({"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer wrong"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), METRICS_CALLERS)
async def test_metrics_for_this_machine_or_by_token(database: Database, headers: dict[str, str], status: int) -> None:
    async with client_of(app_for(database, metrics_token="metrics-secret")) as client:
        await client.get("/healthz")
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert 'chargecloud_http_requests_total{operation="healthz",status="200"}' in answer.text


async def test_metrics_are_closed_to_other_machines_without_a_token(database: Database) -> None:
    app = app_for(database)
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/metrics", headers={"Authorization": "Bearer "})).status_code == 403


async def test_ports_wait_on_the_application(database: Database) -> None:
    assert app_for(database, state={"frame_reader": "a port"}).state.frame_reader == "a port"


async def test_a_route_works_end_to_end(database: Database) -> None:
    tokens = Tokens(good=staff("things.write"))
    async with client_of(app_for(database, [router], resolvers=tokens.resolvers()), token="good") as client:
        answer = await client.post("/api/v1/things", json={"name": "桩"})
    assert answer.status_code == 201
    assert answer.json() == {"name": "桩"}
