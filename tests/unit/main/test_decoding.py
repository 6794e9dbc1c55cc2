"""Pasted frames: which protocol, what they say, what is wrong with them."""

from typing import Any

import pytest

from chargecloud.device.contract import Legible
from chargecloud.kernel.errors import Invalid
from chargecloud.main.decoding import MOST_UNITS, decode_text, explained
from chargecloud.protocols.catalog import protocols
from tests.support.golden import golden_entries

PLUGINS = protocols()
LOGIN = "6822010000013201060001923600021056012E312E3530000100000000000000000000040EAB"
BEAT = "444E590A003B37AB04B9000100D002"


def verdicts(text: str, protocol: str | None = None) -> tuple[str, list[str]]:
    decoding = decode_text(text, protocol, PLUGINS)
    return decoding.protocol, [str(unit["verdict"]) for unit in decoding.units]


def test_the_protocol_that_understands_most_is_taken() -> None:
    assert verdicts(LOGIN) == ("ykc16", ["decode"])
    assert verdicts(BEAT) == ("dny", ["decode"])
    assert verdicts(f"{BEAT} {BEAT} {LOGIN}")[0] == "dny"
    assert decode_text(LOGIN, None, PLUGINS).guessed
    assert not decode_text(LOGIN, "ykc16", PLUGINS).guessed


def test_several_frames_with_garbage_and_words_between() -> None:
    text = f"{LOGIN} FFFF\nRX 10:00:01\n{LOGIN[:-4]}0000\n"
    assert verdicts(text) == ("ykc16", ["decode", "garbage", "not_hex", "reject_crc"])
    units = decode_text(text, None, PLUGINS).units
    assert units[0]["hex"] == LOGIN
    assert "line 2" in str(units[2]["error"])
    assert units[3]["checksum"] == {"ok": False, "order": None, "computed": "AB0E", "on_wire": "0000"}


def test_a_column_has_its_bytes_its_label_and_what_they_mean() -> None:
    unit: dict[str, Any] = decode_text(LOGIN, None, PLUGINS).units[0]
    lines = {line["name"]: line for line in unit["lines"]}
    assert lines["pile_code"] == {
        "name": "pile_code", "label": "桩编码", "unit": "", "raw_hex": "32010600019236", "value": "32010600019236",
        "text": "",
    }  # fmt: skip
    assert lines["pile_type"]["text"] != "" and lines["pile_type"]["raw_hex"] == "00"
    assert unit["title"] != ""


@pytest.mark.parametrize("name", ["ykc16", "dny"])
def test_lines_say_what_fields_say_for_every_captured_frame(name: str) -> None:
    plugin = PLUGINS[name]
    assert isinstance(plugin, Legible)
    seen = 0
    for _, entry in golden_entries(name):
        raw = bytes.fromhex(entry["hex"])
        for unit, plain in zip(plugin.explain(raw), plugin.decode(raw), strict=True):
            assert {key: unit[key] for key in plain} == plain
            lines, fields = unit["lines"], plain["fields"]
            assert isinstance(lines, list)
            assert isinstance(fields, dict)
            told = fields.get("payload", fields)
            for line in lines:
                assert line["label"], line
                # Raw bytes of boards are called …_hex among the fields.
                if name == "ykc16" or (line["name"] in told and not isinstance(line["value"], str)):
                    assert told[line["name"]] == line["value"]
                    seen += 1
            if name == "ykc16" and plain["verdict"] == "decode":
                assert {line["name"] for line in lines} == set(fields) - {"_extra"}
    assert seen > 100


def test_what_no_protocol_knows_is_still_shown() -> None:
    assert verdicts("0102 0304")[1] == ["garbage"]


def test_nothing_to_read_and_no_such_protocol_are_named() -> None:
    for text in ("", "  \n", "hello\nworld"):
        with pytest.raises(Invalid) as error:
            decode_text(text, None, PLUGINS)
        assert error.value.code == "no_bytes"
    with pytest.raises(Invalid) as error:
        decode_text(LOGIN, "ocpp", PLUGINS)
    assert error.value.code == "protocol_unknown" and "ykc16" in error.value.message


def test_no_more_is_answered_than_anybody_reads() -> None:
    decoding = decode_text(BEAT * (MOST_UNITS + 5), "dny", PLUGINS)
    assert (len(decoding.units), decoding.left_out) == (MOST_UNITS, 5)


def test_a_protocol_that_tells_no_columns_shows_its_fields() -> None:
    class Plain:
        def decode(self, data: bytes) -> list[dict[str, object]]:
            return PLUGINS["dny"].decode(data)

    plain: Any = Plain()
    (unit,) = explained(plain, bytes.fromhex(BEAT))
    assert (unit["lines"], unit["verdict"]) == ([], "decode") and unit["fields"]
