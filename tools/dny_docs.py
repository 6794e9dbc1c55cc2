"""docs/protocols/dny.md."""

from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.frames import DOWNLINKS, UPLINKS
from chargecloud.protocols.dny.framing import FRAME_MAX, LENGTH_MIN
from chargecloud.protocols.wire.parts import Choices
from tools.protocol_docs import Document, LongTable, render

HEAD = f"""# DNY / AP3000 frames

Generated from `chargecloud.protocols.dny.frames` by `make docs`; do not edit.

A stream carries three kinds of units without separators: frames that begin with `DNY`, the modem's ICCID (20 digits
that begin with `89`) and the word `link`.

| offset | bytes | meaning |
|---|---|---|
| 0 | 3 | 包头 `DNY` |
| 3 | 2 | 长度: body length + {LENGTH_MIN}; a frame has at most {FRAME_MAX} bytes |
| 5 | 4 | 物理ID: the low three bytes are the number, the high byte is the kind of device |
| 9 | 2 | 消息ID: chosen by whoever asks, echoed in the answer |
| 11 | 1 | 命令: the same number in both directions |
| 12 | N | 数据 |
| 12+N | 2 | 校验: sum of all bytes before it, low 16 bits, low byte first |

BIN is an unsigned little-endian integer; the name of a column says its unit (`_dv` 0.1 V, `_dw` 0.1 W, `_001kwh`
0.01 kWh). ASCII is padded with NUL. Ports are counted from 0 on the wire, connectors from 1 everywhere else.

"""


def _table(title: str, link: str, values: Choices) -> LongTable:
    rows = [(f"0x{number:02X}", choice.text, choice.identifier) for number, choice in values.items()]
    return LongTable(title=title, link=link, values=values, head=("code", "中文", "identifier"), rows=rows)


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    document = Document(
        head=HEAD,
        frames=(*UPLINKS.values(), *DOWNLINKS.values()),
        length_base=LENGTH_MIN,
        both_ways=True,
        tables=(
            _table("Port states", "端口状态", tables.PORT_STATE),
            _table("Stop reasons", "停止原因", tables.STOP_REASON),
        ),
    )
    return {"docs/protocols/dny.md": render(document)}
