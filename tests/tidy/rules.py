"""The house rules a machine can check, one function each: a source in, violations out.

Each has a planted violation in `test_planted.py`, so that no rule can fall asleep.
"""

import ast
import re
from collections.abc import Callable, Iterator

from tests.tidy.source import PACKAGE, ROOT, Source, Violation

Rule = Callable[[Source], Iterator[Violation]]

MAX_LINES = 500
MAX_TABLE_LINES = 1200
TABLES = {"protocols/ykc16/frames.py"}
MAX_FUNCTION = {"package": 60, "tests": 80}

CLOCK_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.monotonic",
    "time.monotonic_ns", "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip

EXACT = ("kernel/money.py", "kernel/energy.py", "features/wallet/", "features/payments/",
         "features/tariffs/", "features/orders/", "features/sessions/", "protocols/ykc16/mapping",
         "protocols/dny/mapping")  # fmt: skip

CATCH_ALL = ("gateway/link.py", "infra/bus/", "infra/http/errors.py", "infra/inbox.py", "infra/relay.py",
             "infra/schedule/loop.py", "infra/framelog.py", "infra/journal.py", "main/")  # fmt: skip
"""Boundaries that may catch everything: each logs and counts."""

COMMITTERS = ("infra/sql/", "infra/framelog.py")

VENDOR_WORDS = {"pile", "piles", "gun", "guns", "trade"}
VENDORS = {path.parent.name.strip("_") for path in (ROOT / PACKAGE / "protocols").glob("*/plugin.py")}
RETIRED_WORDS = {"user", "users"}

ROOMS = {"__init__", "messages", "model", "sql", "views", "service", "http", "inbox", "jobs"}
INDOORS = r"channels/\w+"
"""A folder of modules of one kind in a feature: the ways of taking money of `payments`."""
PUBLIC_ROOMS = {"messages", "service"}
FLOORS = {"messages": 0, "model": 1, "sql": 2, "views": 3, "service": 4, "http": 5, "inbox": 5, "jobs": 5}


def file_length(source: Source) -> Iterator[Violation]:
    limit = MAX_TABLE_LINES if source.inside in TABLES else MAX_LINES
    if source.lines > limit:
        yield Violation(source.path, limit, f"{source.lines} lines; split it at {limit}")


def function_length(source: Source) -> Iterator[Violation]:
    limit = MAX_FUNCTION["package" if source.inside else "tests"]
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > limit:
                yield source.at(node, f"{node.name} has {length} lines; {limit} are allowed")


def exact_numbers(source: Source) -> Iterator[Violation]:
    """No float literal, float annotation or true division where money and energy are counted."""
    if not source.inside.startswith(EXACT):
        return
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield source.at(node, "float literal among money and energy")
        elif isinstance(node, ast.Name) and node.id == "float":
            yield source.at(node, "float among money and energy")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield source.at(node, "true division among money and energy; use // or divide_half_up")


def rounding(source: Source) -> Iterator[Violation]:
    if not source.inside or source.inside == "kernel/money.py" or source.inside.startswith("sim/"):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
            yield source.at(node, "round() belongs to kernel/money.py")


def asking_the_time(source: Source) -> Iterator[Violation]:
    if not source.inside or source.inside == "kernel/clock.py":
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCK_CALLS:
            yield source.at(node, f"{ast.unparse(node.func)}(): only kernel/clock.py asks for the time")


def catching_everything(source: Source) -> Iterator[Violation]:
    if not source.inside or source.inside.startswith(CATCH_ALL):
        return
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            if caught in {"everything", "Exception", "BaseException"}:
                yield source.at(node, f"catches {caught} outside the named boundaries")


def committing(source: Source) -> Iterator[Violation]:
    if not source.inside or source.inside.startswith(COMMITTERS):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield source.at(node, "commit() outside infra/sql")


def feature_faces(source: Source) -> Iterator[Violation]:
    """A feature imports only `service` and `messages` of another feature."""
    match = re.match(r"features/(\w+)/", source.inside)
    if not match:
        return
    for node, name in source.imports():
        other = re.match(r"chargecloud\.features\.(\w+)\.(\w+)", name)
        if other and other[1] != match[1] and other[2] not in PUBLIC_ROOMS:
            yield source.at(node, f"{match[1]} looks into {other[1]}.{other[2]}; only service and messages are public")


def feature_rooms(source: Source) -> Iterator[Violation]:
    match = re.fullmatch(r"features/(\w+)/(.+)\.py", source.inside)
    if match and match[2] not in ROOMS and not re.fullmatch(rf"(model|service|views|http|sql)_\w+|{INDOORS}", match[2]):
        yield Violation(source.path, 1, f"{match[2]} is not one of the rooms every feature has")


def room_order(source: Source) -> Iterator[Violation]:
    """Rooms of a feature build on each other downwards; parts of a split room (`service_settle`) count as the room."""
    match = re.fullmatch(r"features/(\w+)/([a-z]+)\w*\.py", source.inside)
    if not match or match[2] not in FLOORS:
        return
    for node, name in source.imports():
        other = re.match(rf"chargecloud\.features\.{match[1]}\.([a-z]+)", name)
        if not other or other[1] not in FLOORS or other[1] == match[2]:
            continue
        if FLOORS[other[1]] >= FLOORS[match[2]]:
            yield source.at(node, f"{match[2]} builds on {other[1]}, which is not below it")


def vocabulary(source: Source) -> Iterator[Violation]:
    """No vendor word and no retired synonym in an identifier outside a vendor's own folder."""
    if not source.inside or source.inside.startswith(("protocols/", "sim/")):
        return
    for node in source.nodes:
        for name in _names(node):
            words = set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower()))
            for word in sorted(words & (VENDOR_WORDS | RETIRED_WORDS)):
                yield source.at(node, f"{name}: '{word}' is not our word (see GLOSSARY.md)")


def vendor_branches(source: Source) -> Iterator[Violation]:
    """Outside `protocols/` nobody asks which vendor a charge point is of: its capabilities say what it can do."""
    if not source.inside or source.inside.startswith("protocols/"):
        return
    for node in source.nodes:
        asked: list[ast.AST] = []
        if isinstance(node, ast.Compare | ast.MatchValue):
            asked = [node]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
            asked = list(node.args)
        texts = {inner.value for part in asked for inner in ast.walk(part) if isinstance(inner, ast.Constant)}
        asks_protocol = isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Attribute) and side.attr == "protocol" for side in (node.left, *node.comparators)
        )
        if texts & VENDORS or (asks_protocol and any(isinstance(text, str) and text for text in texts)):
            yield source.at(node, "a branch by vendor; declare a capability and ask for that")


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def plain_identifiers(source: Source) -> Iterator[Violation]:
    for node in source.nodes:
        for name in _names(node):
            if not name.isascii():
                yield source.at(node, f"{name}: identifiers are English")


def left_for_later(source: Source) -> Iterator[Violation]:
    if source.path.startswith("tests/tidy/"):
        return
    marks = r"\b(TODO|FIXME|XXX|NotImplementedError)\b" if source.inside else r"\b(TODO|FIXME|XXX)\b"
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(marks, line):
            yield Violation(source.path, number, "left for later; finish it or write it down in docs")


def skipped_tests(source: Source) -> Iterator[Violation]:
    """No test is skipped or expected to fail; `skipif` may only ask for the operating system."""
    if not source.path.startswith("tests/"):
        return
    for node in source.nodes:
        if not isinstance(node, ast.Attribute | ast.Call):
            continue
        name = _called(node) if isinstance(node, ast.Call) else ast.unparse(node)
        asks_for_system = isinstance(node, ast.Call) and _asks_for_system(node)
        if name.endswith(".skipif") and isinstance(node, ast.Call) and not asks_for_system:
            yield source.at(node, "skipif may only ask for the operating system")
        elif name in {"pytest.skip", "pytest.xfail", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.xfail"}:
            yield source.at(node, f"{name}: a test runs and passes, or goes")


def _asks_for_system(node: ast.Call) -> bool:
    return bool(node.args) and bool(re.search(r"sys\.platform|os\.name", ast.unparse(node.args[0])))


def log_events(source: Source) -> Iterator[Violation]:
    """A log line is a constant event name and facts, never a made-up sentence."""
    if not source.inside:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and re.fullmatch(r"_?log\.(debug|info|warning|error|exception)", _called(node)):
            event = node.args[0] if node.args else None
            named = isinstance(event, ast.Constant) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(event.value))
            if not named and not isinstance(event, ast.Name):
                yield source.at(node, "the event of a log line is a name such as 'order.settled', not a sentence")


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def typed_faces(source: Source) -> Iterator[Violation]:
    """No `Any` in what kernel, device and the public rooms of features offer."""
    if not re.match(r"(kernel|device)/|features/\w+/(messages|model|service)", source.inside):
        return
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            hints = [node.returns, *(arg.annotation for arg in (*node.args.args, *node.args.kwonlyargs))]
            if any(hint is not None and re.search(r"\bAny\b", ast.unparse(hint)) for hint in hints):
                yield source.at(node, f"{node.name} has Any in its signature")


def text_encoding(source: Source) -> Iterator[Violation]:
    """Text is opened as UTF-8 by name: the default is another one on Windows."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and _is_text(node) and not any(word.arg == "encoding" for word in node.keywords):
            yield source.at(node, f"{_called(node)}: name the encoding, 'utf-8'")


def _is_text(node: ast.Call) -> bool:
    """Whether a call opens, reads or writes text, with no encoding among its positional arguments."""
    name = _called(node).rpartition(".")[2]
    if name in {"read_text", "write_text"}:
        return len(node.args) <= (name == "write_text")
    if _called(node) == "open" or (name == "open" and node.args and _mode(node.args[0])):
        modes = [argument for argument in (*node.args, *(word.value for word in node.keywords)) if _mode(argument)]
        return not any("b" in _mode(mode) for mode in modes)
    if _called(node).startswith("subprocess."):
        return any(word.arg == "text" and ast.unparse(word.value) == "True" for word in node.keywords)
    return False


def _mode(node: ast.expr) -> str:
    """A mode such as "rb", or nothing."""
    value = str(node.value) if isinstance(node, ast.Constant) else ""
    return value if re.fullmatch(r"[rwax][bt+]*", value) else ""


RULES: tuple[Rule, ...] = (
    file_length, function_length, exact_numbers, rounding, asking_the_time, catching_everything, committing,
    feature_faces, feature_rooms, room_order, vocabulary, plain_identifiers, left_for_later, skipped_tests,
    log_events, typed_faces, text_encoding, vendor_branches,
)  # fmt: skip
