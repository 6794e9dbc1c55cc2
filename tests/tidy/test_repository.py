"""Documents, names and tests of the repository hang together."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, package_files, python_files

TEXT_SUFFIXES = {".md", ".py", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".html", ".js", ".ts", ".vue", ".json", ""}
UNTESTED_ALONE = {"__init__", "__main__"}


def tracked_text() -> list[tuple[str, str]]:
    """Every text file that is, or is about to be, in the repository; lock files excepted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    names = [name for name in listed if not name.endswith((".lock", "lock.json")) and (ROOT / name).is_file()]
    return [(name, (ROOT / name).read_text("utf-8")) for name in names if Path(name).suffix in TEXT_SUFFIXES]


def test_every_module_is_tested_somewhere() -> None:
    """A test module of its own, a test that imports it, or (a feature's room) the integration test of its feature."""
    tests = [source for source in python_files() if source.path.startswith("tests/")]
    imported = {name for source in tests for _, name in source.imports()}
    paths = {source.path for source in tests}
    missing = []
    for source in package_files():
        room = source.path.rsplit("/", 1)[1].removesuffix(".py")
        if room in UNTESTED_ALONE or source.module in imported:
            continue
        mirrored = f"tests/unit/{source.inside.rsplit('/', 1)[0]}/test_{room}.py"
        feature = re.match(r"features/(\w+)/", source.inside)
        integration = feature and any(
            re.match(rf"tests/integration/features/(test_)?{feature[1]}", path) for path in paths
        )
        if mirrored not in paths and not integration:
            missing.append(source.path)
    assert not missing, f"modules without a test: {missing}"


def test_every_adr_names_its_keeper() -> None:
    adrs = sorted((ROOT / "docs/adr").glob("*.md"))
    assert adrs
    bare = [adr.name for adr in adrs if not re.search(r"\*\*Enforced by\*\* \S+", adr.read_text("utf-8"))]
    assert not bare, f"ADRs without 'Enforced by': {bare}"


def test_adr_numbers_are_unique() -> None:
    numbers = [adr.name[:4] for adr in (ROOT / "docs/adr").glob("*.md")]
    assert len(numbers) == len(set(numbers))


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for name, text in tracked_text():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target and not (ROOT / name).parent.joinpath(target).exists():
                broken.append(f"{name} -> {target}")
    assert not broken, broken


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        (name, target)
        for name, text in tracked_text()
        if name.endswith(".md")
        for target in re.findall(r"`make ([a-z-]+)", text)
    }
    assert not [entry for entry in named if entry[1] not in targets]


def test_no_machine_path_and_no_registry_is_named() -> None:
    """Nothing of the machine it was written on, nor a package registry's host, is in the repository."""
    paths = re.compile(r"(?<![a-zA-Z0-9_.])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "fa" + "rm"]) + r")/")
    hosts = re.compile("|".join(["py" + r"pi\.org", "python" + "hosted", "registry." + "npmjs"]))
    found = [name for name, text in tracked_text() if paths.search(text) or hosts.search(text)]
    assert not found, found


def test_nothing_reads_outside_the_repository() -> None:
    found = [name for name, text in tracked_text() if re.search(r"\.\./" + "shared", text)]
    assert not found, found


BUILT_LATER = {
    "Hub", "ParkingBay", "ParkingLock", "Wallet", "Book", "Refund", "Withdrawal", "Payment", "PaymentChannel",
    "PaymentNotice", "Reconciliation", "Split", "Coupon", "Invoice", "Ticket", "AllowList",
}  # fmt: skip
"""Words of the glossary whose things come with later issues; the list only shrinks."""


def defined_names() -> set[str]:
    names: set[str] = set()
    for source in package_files():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
    return names


def test_classes_of_the_glossary_exist() -> None:
    table = (ROOT / "GLOSSARY.md").read_text("utf-8")
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and line.count("|") >= 4]
    words = {word for row in rows for word in re.findall(r"`([A-Z][a-z]\w+)", row[3])}
    assert words, "the glossary's table was not found"
    missing = words - defined_names() - BUILT_LATER
    assert not missing, f"in GLOSSARY.md but not in the code: {sorted(missing)}"


def test_words_built_meanwhile_leave_the_list() -> None:
    assert not BUILT_LATER & defined_names()


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "CHANGELOG.md"])
def test_the_documents_of_the_house_exist(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").strip()


def test_architecture_fits_on_two_hundred_lines() -> None:
    assert (ROOT / "ARCHITECTURE.md").read_text("utf-8").count("\n") <= 200
