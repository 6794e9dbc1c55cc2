"""docs/errors.md: every `code` the API answers with, collected from the places that raise it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from chargecloud.features.orders.service_place import NOT_FREE
from chargecloud.features.wallet.messages import HoldState
from chargecloud.infra.http.errors import STATUS
from chargecloud.infra.sql.errors import _AWAY
from chargecloud.infra.sql.mysql_errors import _AWAY as _SERVER_AWAY
from chargecloud.infra.sql.mysql_errors import _TOO_LARGE

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "chargecloud"
SOURCES = ("features/**/*.py", "infra/**/*.py", "main/decoding.py", "main/tools_*.py")
CATEGORIES = {category.__name__: status for category, status in STATUS.items()}

HEAD = """# Error codes

Generated from the source by `make docs`; do not edit. An error is a problem document (RFC 9457) with a stable `code`;
texts may change, codes do not. `…` stands for what is filled in. [api.md](api.md) says how errors look.

| code | status | says |
|---|---|---|
"""

TAKEN = ("phone", "card_id", "card_label", "vin")
COMPUTED: dict[str, dict[str, str]] = {
    "f'{name}_taken'": {f"{name}_taken": "" for name in TAKEN},
    "f'{what}_unknown'": {"card_unknown": "", "vehicle_unknown": ""},
    "f'hold_{book.hold.state}'": {f"hold_{state.value}": "" for state in HoldState if state is not HoldState.OPEN},
    "features/operators/model.py: code": {"account_locked": "", "too_many_sign_ins": ""},
    "features/orders/service_place.py: code": {code: text for text, code in NOT_FREE.values()},
    "infra/sql/errors.py: code": {code: f"…: {advice}" for code, advice in _AWAY.values()},
    "infra/sql/mysql.py: code": {"database_unreachable": ""},
    "infra/sql/mysql_errors.py: code": {code: f"…: {advice}" for code, advice in _SERVER_AWAY.values()},
    "infra/sql/mysql_errors.py: word": {code: f"{text}: …" for text, code in _TOO_LARGE.values()},
    "infra/sql/sqlite.py: code": {"database_unusable": ""},
}
"""Codes of the calls whose code is no literal, by expression, or by file and expression; with their texts where those
are not in the call either."""

FRAMEWORK = (
    ("body_unreadable", 400, "There was an error parsing the body"),
    ("no_such_path", 404, "Not Found"),
    ("method_not_allowed", 405, "Method Not Allowed"),
)

PROVIDERS = (
    ("provider_refused", 422, "the payment provider said no: …"),
    ("statement_not_ready", 503, "渠道还没有生成这一天的账单，请稍后再试"),
    ("provider_silent", 503, "the payment provider did not answer; the same request goes on with the same payment"),
)
"""Codes that channels of payment give by default (`channels/contract.py`)."""

Code = tuple[str, int, str]


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    rows = "".join(f"| `{code}` | {status} | {text} |\n" for code, status, text in sorted(merged()))
    return {"docs/errors.md": HEAD + rows}


def merged() -> Iterator[Code]:
    """Each code and status once, with the different texts it comes with."""
    texts: dict[tuple[str, int], list[str]] = {}
    for code, status, text in (*_collected(), *FRAMEWORK, *PROVIDERS):
        known = texts.setdefault((code, status), [])
        if text not in known:
            known.append(text)
    for (code, status), said in texts.items():
        yield code, status, " / ".join(said[:3])


def _collected() -> Iterator[Code]:
    for pattern in SOURCES:
        for path in sorted(PACKAGE.glob(pattern)):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and len(node.args) >= 2:
                    yield from of_call(path.relative_to(PACKAGE).as_posix(), node)


def of_call(path: str, call: ast.Call) -> Iterator[Code]:
    """The codes one call may answer with; ValueError for a code this module cannot tell."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "problem" and isinstance(call.args[0], ast.Constant):
        status, text = int(str(call.args[0].value)), call.args[2]
    elif name in CATEGORIES:
        status, text = CATEGORIES[name], call.args[0]
    else:
        return
    for code, said in _codes(path, call.args[1]).items():
        yield code, status, said or _text(text)


def _codes(path: str, code: ast.expr) -> dict[str, str]:
    if isinstance(code, ast.Constant):
        return {str(code.value): ""}
    written = ast.unparse(code)
    known = COMPUTED.get(written) or COMPUTED.get(f"{path}: {written}")
    if known is None:
        raise ValueError(f"{path}: the code {written} is no literal; name its values in tools/error_codes.py")
    return known


def _text(text: ast.expr) -> str:
    """The message with … for what is filled in, safe in a table."""
    pieces = text.values if isinstance(text, ast.JoinedStr) else [text]
    written = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "…" for piece in pieces)
    return written.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
