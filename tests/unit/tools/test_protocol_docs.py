"""The generated frame tables."""

import re
from collections.abc import Iterable

import pytest
from tools import dny_docs, ykc16_docs

from chargecloud.protocols.dny.frames import DOWNLINKS, UPLINKS
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16.frames import FRAMES

YKC = ykc16_docs.outputs()["docs/protocols/ykc16.md"]
DNY = dny_docs.outputs()["docs/protocols/dny.md"]


@pytest.mark.parametrize(
    ("text", "frames", "heading"),
    [
        (YKC, FRAMES.values(), "### 0x{code:02X} {name}\n"),
        (DNY, UPLINKS.values(), "### Up 0x{code:02X} {name}\n"),
        (DNY, DOWNLINKS.values(), "### Down 0x{code:02X} {name}\n"),
    ],
    ids=["ykc16", "dny up", "dny down"],
)
def test_every_frame_and_column_is_in_the_document(text: str, frames: Iterable[type[Frame]], heading: str) -> None:
    for kind in frames:
        (_, after) = text.split(heading.format(code=kind.code, name=kind.identifier))
        section = after.split("\n### ")[0]
        for column in kind.columns:
            assert f"| {column.label} | {column.name} |" in section
        for part in (part for column in kind.columns for part in column.parts):
            assert f"| {part.label} | {part.name} |" in section


@pytest.mark.parametrize("text", [YKC, DNY], ids=["ykc16", "dny"])
def test_every_link_leads_to_a_heading(text: str) -> None:
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")}
    links = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert links
    assert links <= headings


def test_scales_offsets_and_values_are_spelt_out() -> None:
    assert "| 27 | 2 | BIN | 输出电压 | output_voltage | × 0.1 V |" in YKC
    assert "| BMS电流需求 | bms_current_demand | × 0.1 − 400 A |" in YKC
    assert "`00` 离线 · `01` 故障 · `02` 空闲 · `03` 充电" in YKC
    assert "| 0x44 | 离线卡数据同步 | [offline_card_sync](#0x44-offline_card_sync) | platform | 8+16n | 12+16n |" in YKC
    assert "| 0x2000 | 门打开 | door_open |" in YKC


def test_bodies_that_grew_say_what_may_be_absent() -> None:
    assert "| [legacy_heartbeat](#up-0x01-legacy_heartbeat) | charge point | 8…10+5n | 17…19+5n |" in DNY
    assert "| 5+n | 2n | BIN | 各端口功率 | port_powers_dw | 0.1 W |" in DNY
    assert "| 37 | 2 | BIN | 电流 | current_ma | 0.001 A; absent with old firmware |" in DNY
