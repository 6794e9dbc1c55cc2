"""Which protocols there are."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from chargecloud.kernel.errors import NotFound
from chargecloud.protocols import catalog
from chargecloud.protocols._template.plugin import Plugin as Template
from chargecloud.protocols.dny.plugin import Plugin as Dny
from chargecloud.protocols.ykc16.plugin import Plugin as Ykc16


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, EntryPoint]]:
    """Entry points as an installed package would declare them."""
    entries: dict[str, EntryPoint] = {}
    monkeypatch.setattr(catalog, "_offered", lambda: entries)
    yield entries


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=catalog.ENTRY_POINT_GROUP)


def test_the_built_in_protocols() -> None:
    assert isinstance(catalog.protocol("ykc16"), Ykc16)
    assert isinstance(catalog.protocol("dny"), Dny)


def test_an_unknown_name_is_told_which_there_are() -> None:
    with pytest.raises(NotFound, match=r"'ykc17'.*ykc16.*chargecloud\.protocols") as caught:
        catalog.protocol("ykc17")
    assert caught.value.code == "protocol_unknown"


def test_a_package_adds_a_protocol(offered: dict[str, EntryPoint]) -> None:
    built_in = set(catalog.protocols())
    offered["template"] = entry("template", "chargecloud.protocols._template.plugin:Plugin")
    assert isinstance(catalog.protocol("template"), Template)
    assert set(catalog.protocols()) == built_in | {"template"} != built_in


def test_a_package_cannot_replace_a_built_in_protocol(offered: dict[str, EntryPoint]) -> None:
    offered["ykc16"] = entry("ykc16", "chargecloud.protocols._template.plugin:Plugin")
    assert isinstance(catalog.protocol("ykc16"), Ykc16)


def test_entry_points_are_read_from_installed_packages() -> None:
    assert all(one.group == catalog.ENTRY_POINT_GROUP for one in catalog._offered().values())
