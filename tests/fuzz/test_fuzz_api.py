"""A taste of the API fuzz run, and proof that it would see what it looks for."""

import json
from copy import deepcopy
from dataclasses import replace

import pytest

from tests.fuzz.api_stage import Stage, build
from tests.fuzz.fuzz_api import Fuzzer
from tests.fuzz.raw_bodies import raw_bodies
from tests.support.openapi import Operation

SHARDS = 6
"""One of them in `make test`; all are in `make fuzz-api`, whose short form runs beside it."""
REACHED = 0.7
"""The share of operations that has to succeed with the smallest fit request, or else most answers are mere refusals."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return build(tmp_path_factory.mktemp("stage"))


def named(fuzzer: Fuzzer, name: str) -> Operation:
    return next(each for each in fuzzer.operations if each.id == name)


@pytest.mark.parametrize("shard", [0, *(pytest.param(shard, marks=pytest.mark.slow) for shard in range(1, SHARDS))])
def test_no_plain_answer_breaks_the_document(stage: Stage, shard: int) -> None:
    """The smallest fit request of every operation by everybody, and one broken body; `make fuzz-api` has the rest."""
    fuzzer = Fuzzer(stage, examples=0, seed=shard, raw_bodies=2)
    wanted = fuzzer.operations[shard::SHARDS]
    found = fuzzer.run(wanted)
    assert [str(breach) for breach in found.breaches.values()] == []
    assert len(found.succeeded) > REACHED * len(wanted), {each.id for each in wanted} - found.succeeded


def test_generated_requests_are_sent(stage: Stage) -> None:
    fuzzer = Fuzzer(stage, examples=2, seed=1)
    found = fuzzer.run([named(fuzzer, "createStation")])
    assert not found.breaches and found.requests > 100 and {201, 401, 403, 422} <= set(found.statuses)


def test_an_answer_that_the_document_does_not_describe_is_found(stage: Stage) -> None:
    document = deepcopy(dict(stage.document))
    answer = document["paths"]["/api/v1/roles"]["get"]["responses"]["200"]
    answer["content"]["application/json"]["schema"] = {"type": "string"}
    fuzzer = Fuzzer(replace(stage, document=document), examples=1, seed=1)
    (breach, *_) = fuzzer.run([named(fuzzer, "listRoles")]).breaches.values()
    assert breach.operation == "listRoles" and "string" in breach.what


def test_a_code_that_no_document_names_is_found(stage: Stage) -> None:
    fuzzer = Fuzzer(stage, examples=0, seed=1)
    fuzzer.codes.discard("not_signed_in")
    (breach, *_) = fuzzer.run([named(fuzzer, "listRoles")]).breaches.values()
    assert breach.caller == "nobody" and "docs/errors.md" in breach.what


def test_odd_texts_and_numbers_come_into_each_field() -> None:
    made = list(raw_bodies(json.dumps({"a": {"b": ["x"]}, "n": 1}).encode()))
    assert b'{"a": {"b": ["\\ud800"]}, "n": 1}' in made
    assert any(b'"n": 9999999999' in each for each in made)
