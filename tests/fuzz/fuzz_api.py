"""Fuzz the whole API by its own document: Schemathesis makes requests, fit and unfit, and weighs each answer.

python -m tests.fuzz.fuzz_api --examples 60 --seed 1

Every operation starts on a fresh copy of a furnished database; each request is sent by an administrator, a dispatcher,
a driver and somebody without a token. Wanted are no server error and no answer that its document does not describe.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import requests
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from tools.error_codes import merged

from tests.fuzz.api_stage import CALLERS, PASSWORD, Stage, build
from tests.fuzz.raw_bodies import raw_bodies
from tests.integration.features.test_authorisation import NAMED
from tests.support.api import Api
from tests.support.openapi import Bodies, Operation, operations
from tests.support.wechat import APPID

BASE = "http://127.0.0.1"
PROBLEM = "application/problem+json"
WANTED = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
PACE_S = 31
"""By which the clock moves between requests, so that not all that is met are limits on how often something is done."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
FIT: Mapping[str, Any] = {
    "channel": "fake",
    "amount_fen": 5_000,
    "appid": APPID,
    "purpose": "top_up",
    "password": PASSWORD,
}
"""What the stage's WeChat, provider and accounts take."""
Case = schemathesis.Case


@dataclass(frozen=True)
class Breach:
    """An answer that should not be."""

    operation: str
    caller: str
    what: str
    request: str

    def __str__(self) -> str:
        return f"{self.operation}, asked by {self.caller}: {self.what}\n    {self.request}"


@dataclass
class Findings:
    """What a run has seen."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    breaches: dict[tuple[str, str], Breach] = field(default_factory=dict)
    """The first of each kind."""

    def note(self, breach: Breach) -> None:
        self.breaches.setdefault((breach.operation, breach.what.split("\n")[0][:80]), breach)


class Fuzzer:
    """Asks one operation after the other; everything follows from the seed."""

    def __init__(self, stage: Stage, *, examples: int, seed: int, raw_bodies: int | None = None) -> None:
        """`examples` 0: nothing generated; `raw_bodies`: how many of them, all when not said."""
        load_all_checks()
        self.stage = stage
        self.examples, self.seed, self.raw_bodies = examples, seed, raw_bodies
        self.findings = Findings()
        self.operations = list(operations(stage.document))
        self._schema = schemathesis.openapi.from_dict(dict(stage.document))
        self.checks = CHECKS.get_by_names(list(WANTED))
        self._bodies = Bodies(stage.document, stage.belongings.ids | NAMED | FIT)
        self.codes = {code for code, _, _ in merged()}

    def run(self, wanted: Sequence[Operation]) -> Findings:
        """Ask these operations everything."""
        for operation in wanted:
            with asyncio.Runner() as runner:
                runner.run(self._ask_plainly(operation))
                if not self.examples:
                    continue
                described = self._schema[f"/api/v1{operation.path}"][operation.method.upper()]
                _Asking(self, operation, runner).everything(described)
        return self.findings

    async def _ask_plainly(self, operation: Operation) -> None:
        """The smallest fit request, by who may least first; then bodies no schema thinks of."""
        ids = self.stage.belongings.ids
        body = None if operation.schema is None else json.dumps(self._bodies.body(operation.schema)).encode()
        async with self.stage.api("plain") as api:
            for caller in reversed(CALLERS):
                await self.send(api, operation, caller, self.plain(operation, ids, body))
            for raw in () if body is None else islice(raw_bodies(body), self.raw_bodies):
                for caller in ("administrator", "driver"):
                    await self.send(api, operation, caller, self.plain(operation, ids, raw))

    def plain(self, operation: Operation, ids: Mapping[str, Any], body: bytes | None) -> requests.PreparedRequest:
        """A request to one's own things."""
        path = operation.path
        for name in operation.parameters:
            path = path.replace(f"{{{name}}}", str(ids.get(f"{operation.id}.{name}", ids.get(name))))
        headers = {"Idempotency-Key": f"fuzz-{self.findings.requests:08d}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        method = operation.method.upper()
        return requests.Request(method, f"{BASE}/api/v1{path}", headers=headers, data=body).prepare()

    async def send(
        self, api: Api, operation: Operation, caller: str, prepared: requests.PreparedRequest
    ) -> httpx.Response:
        """One request and the checks no schema can make."""
        api.clock.advance(PACE_S)
        headers = [
            (name, as_sent(value)) for name, value in prepared.headers.items() if name.lower() != "authorization"
        ]
        if caller in self.stage.tokens:
            headers.append(("Authorization", f"Bearer {self.stage.tokens[caller]}".encode()))
        body = prepared.body
        content = body if isinstance(body, bytes) else (body or "").encode()
        answer = await api.client.request(str(prepared.method), str(prepared.url), headers=headers, content=content)
        findings = self.findings
        findings.requests += 1
        findings.statuses[answer.status_code] += 1
        if answer.is_success:
            findings.succeeded.add(operation.id)
        elif what := self._wrong_refusal(operation, answer):
            findings.note(Breach(operation.id, caller, what, shown(prepared)))
        return answer

    def _wrong_refusal(self, operation: Operation, answer: httpx.Response) -> str:
        """What is wrong with a refusal: its status, its form or its code; empty when nothing is."""
        if answer.status_code >= 500 and answer.status_code != 503:
            return f"server error {answer.status_code}: {answer.text[:300]}"
        kind = answer.headers.get("content-type")
        own = operation.described["responses"].get(f"{answer.status_code // 100}XX", {}).get("content", {})
        if kind in own and kind != PROBLEM:
            return ""  # a form of its own, which the document says
        if kind != PROBLEM:
            return f"{answer.status_code} is no problem document: {answer.text[:300]}"
        told = answer.json()
        if told["status"] != answer.status_code or told["code"] not in self.codes | {"invalid_request"}:
            return f"{answer.status_code} with a code that docs/errors.md does not name: {answer.text[:300]}"
        return ""


class _Asking:
    """One operation on one copy of the database."""

    def __init__(self, fuzzer: Fuzzer, operation: Operation, runner: asyncio.Runner) -> None:
        self._fuzzer, self._operation, self._runner = fuzzer, operation, runner
        self._turn = 0

    def everything(self, described: APIOperation) -> None:
        stage = self._fuzzer.stage.api("cases")
        self._api = self._runner.run(stage.__aenter__())
        try:
            for case in self._boundaries(described):
                self._ask(case)
            for mode in MODES:
                self._explore(described, mode)
        finally:
            self._runner.run(stage.__aexit__(None, None, None))

    def _boundaries(self, described: APIOperation) -> Iterator[Case]:
        """Values at the edges of what the document allows, and just beyond."""
        schema = described.schema
        config = schema.config.generation_for(operation=described)
        return schema.iter_coverage_cases(described, generation_modes=list(MODES), generation_config=config)

    def _explore(self, described: APIOperation, mode: GenerationMode) -> None:
        @seed(self._fuzzer.seed)
        @settings(
            max_examples=self._fuzzer.examples,
            phases=(Phase.generate,),
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        @given(case=described.as_strategy(generation_mode=mode))
        def explored(case: Case) -> None:
            self._ask(case)

        explored()

    def _ask(self, case: Case) -> None:
        """By everybody, in turns beginning with another; every second time with things that are there."""
        self._turn += 1
        if self._turn % 2:
            lead_to(case, self._operation.id, self._fuzzer.stage.belongings.ids)
        prepared = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
        first = self._turn // 2 % len(CALLERS)
        callers = (*CALLERS[first:], *CALLERS[:first])
        for caller in callers if case.method.lower() == self._operation.method else callers[:1]:
            answer = self._runner.run(self._fuzzer.send(self._api, self._operation, caller, prepared))
            try:
                case.validate_response(answer, checks=self._fuzzer.checks)
            except FailureGroup as group:
                for failure in group.exceptions:
                    breach = Breach(self._operation.id, caller, f"{failure}"[:600], shown(prepared))
                    self._fuzzer.findings.note(breach)


def lead_to(case: Case, operation_id: str, ids: Mapping[str, Any]) -> None:
    """Put identifiers of things that are there into a case, where it has a place for them."""
    if case.path_parameters:
        for name in case.path_parameters:
            case.path_parameters[name] = str(ids.get(f"{operation_id}.{name}", ids.get(name)))
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            if name in ids and type(value) is type(ids[name]):
                case.body[name] = ids[name]


def as_sent(value: str | bytes) -> bytes:
    """The value of a header on the wire."""
    return value if isinstance(value, bytes) else value.encode("utf-8")


def shown(prepared: requests.PreparedRequest) -> str:
    """A request in a line."""
    return f"{prepared.method} {prepared.url} {prepared.body!r}"[:1500]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=40, help="of fit and of unfit requests, for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operations whose name contains this")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as directory:
        fuzzer = Fuzzer(build(Path(directory)), examples=arguments.examples, seed=arguments.seed)
        for operation in fuzzer.operations:
            if arguments.only in operation.id:
                fuzzer.run([operation])
                print(f"{operation.id}: {fuzzer.findings.requests} requests so far", file=sys.stderr, flush=True)
    found = fuzzer.findings
    for breach in found.breaches.values():
        print(breach)
    never = sorted({each.id for each in fuzzer.operations if arguments.only in each.id} - found.succeeded)
    print(f"{found.requests} requests, statuses {dict(sorted(found.statuses.items()))}, {len(found.breaches)} breaches")
    print(f"never succeeded: {', '.join(never) or 'none'}")
    return 1 if found.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
