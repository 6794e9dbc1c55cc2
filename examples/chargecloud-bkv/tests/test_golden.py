"""Every frame of the guide and the captures gives what is known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chargecloud.protocols.catalog import protocol
from chargecloud_bkv.codec import Verdict, decode, encode
from chargecloud_bkv.frames import DOWNLINKS, UPLINKS

ENTRIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden" / "frames.json").read_text("utf-8"))
SOUND = [entry for entry in ENTRIES if entry["expect"] == "decode"]
UNSEEN = {
    "up": {"tier_control_reply"},
    "down": {"charge_end_answer", "tier_end_answer"},
}
"""What the guide leaves out; see NOTES.md."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_the_plugin_says_what_is_known(entry: dict[str, Any]) -> None:
    (unit,) = protocol("bkv").decode(bytes.fromhex(entry["hex"]))
    known = ("frame_type", "name", "direction", "fields")
    assert {key: unit[key] for key in known} == {key: entry[key] for key in known}
    assert unit["verdict"] == entry["expect"] and bool(unit["error"]) is (entry["expect"] != "decode")


@pytest.mark.parametrize("entry", SOUND, ids=lambda entry: entry["id"])
def test_encoding_is_the_inverse(entry: dict[str, Any]) -> None:
    raw = bytes.fromhex(entry["hex"])
    decoded = decode(raw)
    assert decoded.verdict is Verdict.DECODE and decoded.frame is not None
    parcel = decoded.parcel
    assert encode(decoded.frame, parcel.serial, parcel.gateway_id, under=parcel.command) == raw


def test_each_entry_names_its_source_and_most_are_sound() -> None:
    assert all(entry["source"] and entry["kind"] in ("doc", "captured") for entry in ENTRIES)
    assert (len(ENTRIES), len(SOUND)) == (50, 48)
    assert sum(entry["kind"] == "captured" for entry in ENTRIES) == 16


def test_every_frame_has_been_seen_or_is_listed() -> None:
    for direction, kinds in (("up", UPLINKS), ("down", DOWNLINKS)):
        seen = {entry["name"] for entry in ENTRIES if entry["direction"] == direction}
        assert {kind.identifier for kind in kinds.values()} - seen == UNSEEN[direction]


def test_a_wrong_sum_is_told_and_what_it_covers_shown() -> None:
    (entry,) = (entry for entry in ENTRIES if entry["expect"] == "reject_crc")
    (unit,) = protocol("bkv").decode(bytes.fromhex(entry["hex"]))
    assert unit["checksum"] == {"ok": False, "order": None, "computed": "D8", "on_wire": "C8"}


def test_what_is_no_frame_is_told_apart() -> None:
    beat = bytes.fromhex(ENTRIES[0]["hex"])
    units = protocol("bkv").decode(b"\x00\x01" + beat + beat[:20])
    assert [unit["verdict"] for unit in units] == ["garbage", "decode", "incomplete", "garbage"][: len(units)]
    assert len(units) >= 3
