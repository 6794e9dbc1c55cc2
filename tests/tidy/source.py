"""What the house rules look at: the repository's Python files, parsed when a rule asks."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/chargecloud/"


@dataclass(frozen=True)
class Violation:
    """One broken rule at one place."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Source:
    """One Python file: `path` is relative to the repository's root, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree: each rule looks at them all."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def inside(self) -> str:
        """Path within the package, or "" for a file outside it."""
        return self.path.removeprefix(PACKAGE) if self.path.startswith(PACKAGE) else ""

    @property
    def module(self) -> str:
        return self.path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST, text: str) -> Violation:
        return Violation(self.path, getattr(node, "lineno", 1), text)

    def imports(self) -> Iterator[tuple[ast.stmt, str]]:
        """Every imported module, and for `from m import n` also `m.n`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node, alias.name
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node, node.module
                for alias in node.names:
                    yield node, f"{node.module}.{alias.name}"


@lru_cache
def python_files() -> tuple[Source, ...]:
    """All Python files of package, tests and tools, migrations' versions excepted (they are generated)."""
    found = []
    for top in ("src", "tests", "tools", "examples"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/versions/" not in name:
                found.append(Source(name, path.read_text("utf-8")))
    return tuple(found)


def package_files() -> tuple[Source, ...]:
    return tuple(source for source in python_files() if source.inside)
