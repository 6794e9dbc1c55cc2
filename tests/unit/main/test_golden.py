"""The text of a golden file."""

import json

from chargecloud.main.golden import golden_text


def test_a_line_for_each_field_and_blanks_for_the_person() -> None:
    unit = {"verdict": "decode", "frame_type": "0x03", "name": "heartbeat", "direction": "up", "sequence": "0001"}
    text = golden_text(
        b"\x68\xff", {**unit, "checksum": {"ok": True}, "fields": {"状态": 1, "b": "x"}, "extra_hex": ""}
    )
    assert json.loads(text)["hex"] == "68FF"
    assert json.loads(text)["source"] == ""
    assert json.loads(text)["id"] == "captured-123450ee"
    assert '  "状态": 1,\n  "b": "x"\n' in text


def test_no_fields_stay_on_one_line() -> None:
    unit = dict.fromkeys(("frame_type", "name", "direction", "sequence", "checksum"))
    assert '"fields": {}' in golden_text(b"", {**unit, "verdict": "garbage", "fields": {}})
