"""What has to hang together between documents, names and tests: pure functions, texts in, complaints out."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tests.tidy.source import Source

Texts = Mapping[str, str]
"""Path in the repository, with forward slashes, to text."""

UNTESTED_ALONE = {"__init__", "__main__"}
VARIABLE = re.compile(r"\bCHARGECLOUD_[A-Z0-9_]*[A-Z0-9]\b")


def dead_links(documents: Texts, exists: Callable[[str], bool]) -> Iterator[str]:
    """Links to a file that is not there, or to a heading no document has."""
    for name, text in documents.items():
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", text):
            if "://" in target or target.startswith("mailto:"):
                continue
            path = _joined(name, target) if target else name
            if not exists(path):
                yield f"{name} -> {target}"
            elif anchor and path in documents and anchor not in anchors(documents[path]):
                yield f"{name} -> {target}#{anchor}"


def _joined(name: str, target: str) -> str:
    parts: list[str] = []
    for part in (*PurePosixPath(name).parent.parts, *PurePosixPath(target).parts):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def anchors(text: str) -> set[str]:
    """What headings are called in links."""
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST_NAME = 180


def unfit_names(paths: Iterable[str]) -> Iterator[str]:
    """Files Windows cannot check out: a forbidden character, a device's name, too long, or two that differ in case."""
    seen: set[str] = set()
    for path in paths:
        parts = path.split("/")
        strange = any(re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', part) or RESERVED.fullmatch(part) for part in parts)
        if strange or len(path) > LONGEST_NAME or path.lower() in seen:
            yield path
        seen.add(path.lower())


def unknown_targets(documents: Texts, targets: Collection[str]) -> Iterator[str]:
    """`make …` that the Makefile does not know."""
    for name, text in documents.items():
        for target in re.findall(r"(?:`|^ *(?:\$ )?)make ([a-z-]+)", text, re.MULTILINE):
            if target not in targets:
                yield f"{name}: make {target}"


def unknown_commands(documents: Texts, commands: Collection[str]) -> Iterator[str]:
    """`chargecloud …` that the command line does not know."""
    for name, text in documents.items():
        for command in re.findall(r"(?:`|^ *|uv run )chargecloud ([a-z-]+)", text, re.MULTILINE):
            if command not in commands:
                yield f"{name}: chargecloud {command}"


FILES = {"toml", "md", "db", "sql", "py", "service", "timer", "target", "conf", "cnf", "yml", "json", "msgpack"}


def unknown_names(documents: Texts, names: Collection[str]) -> Iterator[str]:
    """Log events and settings, `word.word` in code type, that the program does not have; files excepted."""
    for name, text in documents.items():
        for found in re.findall(r"`([a-z_]+\.[a-z_]+)`", text):
            if found not in names and found.rpartition(".")[2] not in FILES:
                yield f"{name}: {found}"


def unknown_variables(documents: Texts, variables: Collection[str]) -> Iterator[str]:
    """Environment variables that nothing reads."""
    for name, text in documents.items():
        yield from (f"{name}: {variable}" for variable in VARIABLE.findall(text) if variable not in variables)


def undocumented_variables(variables: Iterable[str], documents: Texts) -> Iterator[str]:
    """Environment variables that no page for operators explains."""
    explained = {found for text in documents.values() for found in VARIABLE.findall(text)}
    yield from (variable for variable in variables if variable not in explained)


def machine_traces(texts: Texts) -> Iterator[str]:
    """Paths of the machine it was written on, hosts of package registries, and what lies beside the repository."""
    paths = r"(?<![a-zA-Z0-9_.])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "fa" + "rm"]) + r")/"
    hosts = "|".join(["py" + r"pi\.org", "python" + "hosted", "registry." + "npmjs"])
    beside = r"\.\./" + "shared"
    pattern = re.compile(f"{paths}|{hosts}|{beside}")
    yield from (name for name, text in texts.items() if pattern.search(text))


def keeperless(adrs: Texts) -> Iterator[str]:
    """Decisions that do not say what enforces them, or share a number."""
    numbers: set[str] = set()
    for name, text in adrs.items():
        if not re.search(r"\*\*Enforced by\*\* \S+", text):
            yield f"{name}: no 'Enforced by'"
        number = PurePosixPath(name).name[:4]
        if number in numbers:
            yield f"{name}: the number is taken"
        numbers.add(number)


def glossary_breaks(table: str, names: Collection[str]) -> Iterator[str]:
    """Words in `code type` that the package does not have, and words in *italics* that it has."""
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and line.count("|") >= 4]
    cells = [row[3] for row in rows if row[2].strip() != "English"]
    if not cells:
        yield "the table was not found"
    for cell in cells:
        for code in re.findall(r"`([^`]+)`", cell):
            yield from (f"{word} is not in the code" for word in _words(code) if word not in names)
        for word in re.findall(r"\*(\w+)\*", cell):
            if word in names:
                yield f"{word} is in the code, but the glossary says later"


def _words(code: str) -> list[str]:
    """The identifiers of `a_name: str` or `Kind.ONE / TWO`; suffixes such as `_fen` are no identifiers."""
    return re.findall(r"(?<![\w])[A-Za-z]\w+", code.split(":")[0])


def names_in(sources: Iterable[Source]) -> set[str]:
    """Everything a package gives a name to: classes, functions, arguments, variables, fields."""
    found: set[str] = set()
    for source in sources:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found


def untested(package: Iterable[Source], tests: Iterable[Source]) -> Iterator[str]:
    """Modules with neither a test module of their own, nor a test that imports them, nor (a feature's room) a test of
    their feature through its services and routes.
    """
    paths = {source.path for source in tests}
    imported = {name for source in tests for _, name in source.imports()}
    for source in package:
        folder, _, file = source.inside.rpartition("/")
        room = file.removesuffix(".py")
        feature = re.match(r"features/(\w+)/", source.inside)
        mirrored = f"tests/unit/{folder + '/' if folder else ''}test_{room}.py"
        through = feature and any(path.startswith(f"tests/integration/features/test_{feature[1]}") for path in paths)
        if room not in UNTESTED_ALONE and source.module not in imported and mirrored not in paths and not through:
            yield source.path
