"""docs/protocols/ykc16.md."""

from chargecloud.protocols.ykc16 import tables
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.protocols.ykc16.framing import LENGTH_BASE
from chargecloud.protocols.ykc16.stop_reasons import STOP_REASON, stop_class
from tools.protocol_docs import Document, LongTable, render

HEAD = """# 云快充 V1.6 frames

Generated from `chargecloud.protocols.ykc16.frames` by `make docs`; do not edit. What the paper leaves open is in
`src/chargecloud/protocols/ykc16/NOTES.md`.

| offset | bytes | meaning |
|---|---|---|
| 0 | 1 | 起始标志 `68` |
| 1 | 1 | 数据长度: body length + 4; at most 200 sent, 255 received |
| 2 | 2 | 序列号域: two opaque bytes, echoed in replies |
| 4 | 1 | 加密标志: `00`; anything else is rejected |
| 5 | 1 | 帧类型标志: odd from the charge point, even from the platform |
| 6 | N | 消息体 |
| 6+N | 2 | 帧校验域: CRC-16/MODBUS over offsets 2 to 5+N; received in either byte order, sent low byte first |

BCD is packed decimal kept as hex text; BIN is an unsigned little-endian integer, value = raw × scale + offset; ASCII is
padded with NUL; CP56Time2a is seven bytes of Beijing time.

"""

STOP_REASONS = LongTable(
    title="Stop reasons",
    link="停止原因",
    values=STOP_REASON,
    head=("code", "class", "中文", "identifier"),
    rows=[
        (f"0x{number:02X}", stop_class(number), choice.text, choice.identifier)
        for number, choice in STOP_REASON.items()
    ],
)
FAULTS = LongTable(
    title="Hardware faults",
    link="硬件故障",
    values=tables.HARDWARE_FAULT,
    head=("bit", "mask", "中文", "identifier"),
    rows=[
        (str(bit), f"0x{1 << bit:04X}", choice.text, choice.identifier) for bit, choice in tables.HARDWARE_FAULT.items()
    ],
)


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    document = Document(
        head=HEAD, frames=tuple(FRAMES.values()), length_base=LENGTH_BASE, tables=(STOP_REASONS, FAULTS)
    )
    return {"docs/protocols/ykc16.md": render(document)}
