"""Documents, names and tests of the repository hang together."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest
import typer.main

from chargecloud.kernel import killpoints
from chargecloud.main.cli import app
from chargecloud.main.settings import keys, variable
from chargecloud.main.settings_source import CONFIG_VARIABLE, SECRETS_VARIABLE
from tests.tidy import documents
from tests.tidy.source import ROOT, package_files, python_files

TEXT_SUFFIXES = {
    ".md", ".py", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".html", ".js", ".ts", ".vue", ".json", ".service",
    ".target", ".conf", ".cnf", ".sql", "",
}  # fmt: skip
ASIDES = {"type: ignore": (20, 66), "# noqa": (4, 4)}
"""How often package and the rest wave a checker aside; the numbers only shrink."""


@lru_cache
def tracked() -> tuple[str, ...]:
    """Every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    return tuple(name for name in listed if name and (ROOT / name).is_file())


@lru_cache
def tracked_text() -> dict[str, str]:
    """Every text file among them; lock files excepted."""
    names = [name for name in tracked() if not name.endswith((".lock", "lock.json"))]
    return {name: (ROOT / name).read_text("utf-8") for name in names if Path(name).suffix in TEXT_SUFFIXES}


def markdown(under: str = "") -> dict[str, str]:
    return {name: text for name, text in tracked_text().items() if name.endswith(".md") and name.startswith(under)}


def variables() -> set[str]:
    return {CONFIG_VARIABLE, SECRETS_VARIABLE, killpoints.ENVIRONMENT, *(variable(key) for key in keys())}


def test_every_file_can_be_checked_out_on_windows() -> None:
    assert not list(documents.unfit_names(tracked()))


def test_every_module_is_tested_somewhere() -> None:
    tests = [source for source in python_files() if source.path.startswith("tests/")]
    assert not list(documents.untested(package_files(), tests))


def test_every_adr_names_its_keeper_and_has_a_number_of_its_own() -> None:
    adrs = markdown("docs/adr/")
    assert adrs
    assert not list(documents.keeperless(adrs))


def test_links_between_documents_lead_somewhere() -> None:
    assert not list(documents.dead_links(markdown(), lambda path: (ROOT / path).exists()))


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert not list(documents.unknown_targets(markdown(), targets))


def test_commands_named_in_documents_exist() -> None:
    commands = set(getattr(typer.main.get_command(app), "commands", {}))
    assert {"up", "staff"} <= commands
    assert not list(documents.unknown_commands(markdown(), commands))


def test_every_environment_variable_is_explained_to_operators_and_no_other_is_named() -> None:
    read = {found for source in package_files() for found in documents.VARIABLE.findall(source.text)}
    assert not list(documents.undocumented_variables(variables() | read, markdown("docs/operating/")))
    assert not list(documents.unknown_variables(markdown(), variables()))


def test_events_and_settings_named_to_operators_exist() -> None:
    events = {found for source in package_files() for found in re.findall(r'"([a-z_]+\.[a-z_]+)"', source.text)}
    assert not list(documents.unknown_names(markdown("docs/operating/"), events | set(keys())))


def test_nothing_of_the_machine_it_was_written_on_is_in_the_repository() -> None:
    assert not list(documents.machine_traces(tracked_text()))


def test_the_glossary_says_what_the_code_says() -> None:
    names = documents.names_in(package_files())
    assert not list(documents.glossary_breaks((ROOT / "GLOSSARY.md").read_text("utf-8"), names))


@pytest.mark.parametrize("aside", ASIDES)
def test_checkers_are_not_waved_aside_more_often(aside: str) -> None:
    sources = [source for source in python_files() if not source.path.startswith("tests/tidy/")]
    inside = sum(source.text.count(aside) for source in sources if source.inside)
    outside = sum(source.text.count(aside) for source in sources if not source.inside)
    most_inside, most_outside = ASIDES[aside]
    assert inside <= most_inside, f"{aside}: {inside} in the package"
    assert outside <= most_outside, f"{aside}: {outside} in tests and tools"


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "CHANGELOG.md"])
def test_the_documents_of_the_house_exist(name: str) -> None:
    assert (ROOT / name).read_text("utf-8").strip()


def test_architecture_fits_on_two_hundred_lines() -> None:
    assert (ROOT / "ARCHITECTURE.md").read_text("utf-8").count("\n") <= 200
