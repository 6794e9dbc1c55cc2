"""The packages under examples/ are written as outsiders would write them, and the platform does not know them."""

from pathlib import Path

import pytest

from tests.tidy import examples
from tests.tidy.source import PACKAGE, ROOT, Source, python_files
from tests.tidy.test_repository import tracked_text

DOCUMENT = (ROOT / "docs/protocols/adding-a-vendor.md").read_text("utf-8")
SEAM = examples.seam(DOCUMENT)
DISTRIBUTIONS = sorted(path.parent.name for path in ROOT.glob("examples/*/pyproject.toml"))
WIRING = {"pyproject.toml"}
"""Where the repository's own environment is put together: members, types and tests of the examples."""


def is_module(name: str) -> bool:
    path = ROOT / "src" / Path(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_there_is_an_example_and_every_module_of_the_seam_exists() -> None:
    assert DISTRIBUTIONS and SEAM
    assert [module for module in sorted(SEAM) if not is_module(module)] == []


def test_examples_import_the_seam_and_nothing_else() -> None:
    sources = [source for source in python_files() if source.path.startswith("examples/")]
    assert sources
    assert [str(found) for source in sources for found in examples.beyond_the_seam(source, SEAM, is_module)] == []


def test_nothing_is_promised_that_no_example_uses() -> None:
    sources = [source for source in python_files() if source.path.startswith("examples/")]
    used = {module for source in sources for _, module in examples.imported(source, is_module)}
    assert sorted(SEAM - used) == []


def test_the_platform_names_no_example() -> None:
    """Documents outside the package may: they tell how an example was made. What is built has digests in its names."""
    texts = {
        path: text
        for path, text in tracked_text().items()
        if not path.startswith("examples/") and path not in WIRING and (path.startswith("src/") or path[-3:] != ".md")
        if "/static/assets/" not in path
    }
    assert any(path.startswith(PACKAGE) for path in texts)
    assert list(examples.named(texts, DISTRIBUTIONS)) == []


def test_the_platform_does_not_depend_on_an_example() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8").partition("[project]")[2].partition("[dependency-groups]")[0]
    assert [name for name in DISTRIBUTIONS if name in project] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from chargecloud.device.events import Beat", 0),
        ("from chargecloud.device import events", 0),
        ("import chargecloud.device.events", 0),
        ("from chargecloud.device import events, commands", 1),
        ("from chargecloud.gateway.link import Link", 1),
        ("import chargecloud.main", 1),
        ("import chargecloud_other", 0),
    ],
)
def test_what_lies_beyond_the_seam_is_found(text: str, found: int) -> None:
    source = Source("examples/x/src/x.py", text)
    assert len(list(examples.beyond_the_seam(source, {"chargecloud.device.events"}, is_module))) == found


@pytest.mark.parametrize(
    ("text", "found"), [("x = 'ABC'", 1), ("abc_plugin", 1), ("the abc's", 1), ("abcd", 0), ("xabc", 0)]
)
def test_a_name_is_found_as_a_word(text: str, found: int) -> None:
    assert len(list(examples.named({"a": text}, ["chargecloud-abc"]))) == found


def test_the_seam_is_read_from_its_section_only() -> None:
    page = "| `chargecloud.x` | no |\n## The seam\n|---|---|\n| `chargecloud.a` | yes |\n## More\n| `chargecloud.b` |"
    assert examples.seam(page) == {"chargecloud.a"}
