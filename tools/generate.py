"""`make docs`: writes every generated document; `--check` only says which ones differ from what would be written.

A generator is a function that gives path and text of what it makes; a test compares all of them with what is committed.
Migrations have a command of their own (`make migration`): once merged they are never written anew.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools import dny_docs, error_codes, grafana, openapi_docs, settings_docs, state_diagram, two_wheel_docs, ykc16_docs

ROOT = Path(__file__).resolve().parents[1]

GENERATORS: tuple[Callable[[], dict[str, str]], ...] = (
    ykc16_docs.outputs,
    dny_docs.outputs,
    state_diagram.outputs,
    settings_docs.outputs,
    error_codes.outputs,
    openapi_docs.outputs,
    grafana.outputs,
    two_wheel_docs.outputs,
)


def outdated(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Path and new text of every generated file that is missing or differs."""
    for generator in GENERATORS:
        for name, text in generator().items():
            path = root / name
            if not path.is_file() or path.read_text("utf-8") != text:
                yield name, text


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Exit code 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not up to date")
    check = parser.parse_args(arguments).check
    changed = list(outdated(root))
    for name, text in changed:
        if not check:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, "utf-8", newline="\n")
        print(f"{'not up to date, run `make docs`' if check else 'wrote'}: {name}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
