"""Protocols outside the platform: what they may import of it, and that it does not know them."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from tests.tidy.source import Source, Violation

HEADING = "## The seam"
PREFIX = "chargecloud-"


def seam(document: str) -> set[str]:
    """The modules that the section "The seam" of the document lists in its table."""
    section = document.partition(HEADING)[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(chargecloud[a-z0-9_.]*)` \|", section, re.MULTILINE))


def imported(source: Source, is_module: Callable[[str], bool]) -> Iterator[tuple[ast.stmt, str]]:
    """Modules of the platform that a file imports, however it words it."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names if alias.name.split(".")[0] == "chargecloud")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "chargecloud":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield node, inner if is_module(inner) else node.module


def beyond_the_seam(source: Source, allowed: Collection[str], is_module: Callable[[str], bool]) -> Iterator[Violation]:
    """Imports of what the platform has not promised to keep."""
    for node, module in imported(source, is_module):
        if module not in allowed:
            yield source.at(node, f"{module} is not part of the seam (docs/protocols/adding-a-vendor.md)")


def short_name(distribution: str) -> str:
    """What a protocol's distribution is called for short."""
    return distribution.removeprefix(PREFIX)


def named(texts: Mapping[str, str], examples: Iterable[str]) -> Iterator[str]:
    """Files that name an example: the platform has to work without knowing it."""
    for example in examples:
        word = re.compile(rf"(?<![a-z]){re.escape(short_name(example))}(?![a-z])", re.IGNORECASE)
        yield from (f"{path}: {short_name(example)}" for path, text in texts.items() if word.search(text))
