"""`chargecloud decode`: an object a frame, exit 0 for bad frames, 2 for bad usage."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from chargecloud.kernel.errors import Invalid
from chargecloud.main.cli import app
from chargecloud.protocols.catalog import protocols
from tests.support.golden import golden_entries

GOLDEN = golden_entries("ykc16")
GOOD = next(entry for _, entry in GOLDEN if entry["expect"] == "decode")
LIGHT = """
import sys
from chargecloud.main.cli import run
try:
    run()
finally:
    print(sorted(set(sys.modules) & {"fastapi", "sqlalchemy", "alembic", "uvicorn"}))
"""
KEYS = [
    "protocol",
    "frame_type",
    "name",
    "direction",
    "sequence",
    "verdict",
    "checksum",
    "fields",
    "extra_hex",
    "error",
]


def decoded(*arguments: str, stdin: str = "") -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["decode", "--protocol", "ykc16", *arguments], input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_golden_frame_from_standard_input() -> None:
    units = decoded(stdin="".join(f"{entry['hex']}\n\n" for _, entry in GOLDEN))
    assert [unit["verdict"] for unit in units] == [entry["expect"] for _, entry in GOLDEN]
    for unit, (name, entry) in zip(units, GOLDEN, strict=True):
        assert entry["kind"] == "bad_input" or unit["fields"] == entry["fields"], name
    assert all(list(unit) == KEYS for unit in units)


def test_arguments_in_any_notation() -> None:
    spaced = " ".join(GOOD["hex"][at : at + 2] for at in range(0, len(GOOD["hex"]), 2))
    assert decoded(GOOD["hex"], spaced, spaced.replace(" ", ":"), "0x" + spaced.replace(" ", ", 0x").lower()) == (
        decoded(GOOD["hex"]) * 4
    )


def test_a_line_that_is_not_hex_is_garbage_and_the_next_still_counts() -> None:
    units = decoded(stdin=f"hello\n{GOOD['hex']}\n")
    assert [unit["verdict"] for unit in units] == ["garbage", "decode"]
    assert list(units[0]) == KEYS
    assert "'h' is no hex digit" in str(units[0]["error"])


def test_every_protocol_tells_garbage_in_its_own_shape() -> None:
    for name in protocols():
        result = CliRunner().invoke(app, ["decode", "--protocol", name], input="hello\nff\n")
        words, byte = [json.loads(line) for line in result.stdout.splitlines()]
        assert list(words) == list(byte)
        assert words["verdict"] == byte["verdict"] == "garbage"


def test_nothing_in_nothing_out() -> None:
    assert decoded(stdin="") == []


@pytest.mark.parametrize(("argument", "word"), [("68zz", "'z' is no hex digit"), ("680", "3 hex digits")])
def test_an_argument_that_is_not_hex_is_bad_usage(argument: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        CliRunner().invoke(app, ["decode", "--protocol", "ykc16", argument], catch_exceptions=False)


def test_golden_writes_what_the_golden_tests_read() -> None:
    result = CliRunner().invoke(app, ["decode", "--protocol", "ykc16", "--golden", GOOD["hex"]])
    written = json.loads(result.stdout)
    assert {key: written[key] for key in written if key not in ("id", "source", "kind", "note")} == {
        key: GOOD[key] for key in GOOD if key not in ("id", "source", "kind", "note")
    }
    with pytest.raises(Invalid, match="one frame"):
        CliRunner().invoke(app, ["decode", "--protocol", "ykc16", "--golden", GOOD["hex"] * 2], catch_exceptions=False)


def test_the_real_command_is_light_and_tells_bad_usage_by_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, "decode", "--protocol", "ykc16", GOOD["hex"]],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    wrong = subprocess.run(
        [sys.executable, "-c", LIGHT, "decode", "--protocol", "nosuch", "68"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (wrong.returncode, "nosuch" in wrong.stderr, "Traceback" in wrong.stderr) == (2, True, False)
