"""The generated frame tables."""

from tools.protocol_docs import TARGET, render

from chargecloud.protocols.ykc16.frames import FRAMES


def test_the_committed_document_is_what_the_generator_produces() -> None:
    assert TARGET.read_text("utf-8") == render(), "run `make docs`"


def test_every_frame_and_column_is_in_the_document() -> None:
    text = render()
    for kind in FRAMES.values():
        section = text.split(f"### 0x{kind.code:02X} {kind.identifier}\n")[1].split("\n### ")[0]
        for column in kind.columns:
            assert f"| {column.label} | {column.name} |" in section
        for part in (part for column in kind.columns for part in column.parts):
            assert f"| {part.label} | {part.name} |" in section


def test_scales_offsets_and_values_are_spelt_out() -> None:
    text = render()
    assert "| 27 | 2 | BIN | 输出电压 | output_voltage | × 0.1 V |" in text
    assert "| BMS电流需求 | bms_current_demand | × 0.1 − 400 A |" in text
    assert "`00` 离线 · `01` 故障 · `02` 空闲 · `03` 充电" in text
    assert (
        "| 0x44 | 离线卡数据同步 | [offline_card_sync](#0x44-offline_card_sync) | platform | 8+16n | 12+16n |" in text
    )
    assert "| 0x2000 | 门打开 | door_open |" in text
