"""Generated documents are what their generators produce."""

from pathlib import Path

import pytest
from tools import generate


def test_committed_documents_are_up_to_date() -> None:
    assert not [name for name, _ in generate.outdated()], "run `make docs`"


def made(text: str) -> tuple[object, ...]:
    return (lambda: {"docs/made.md": text},)


def test_writes_what_is_missing_and_finds_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "GENERATORS", made("文\n"))
    assert generate.main(["--check"], tmp_path) == 1
    assert not (tmp_path / "docs").exists(), "--check writes nothing"
    assert generate.main([], tmp_path) == 0
    assert (tmp_path / "docs/made.md").read_bytes() == "文\n".encode()
    assert generate.main(["--check"], tmp_path) == 0
    monkeypatch.setattr(generate, "GENERATORS", made("别的\n"))
    assert generate.main(["--check"], tmp_path) == 1
    assert "not up to date, run `make docs`: docs/made.md" in capsys.readouterr().out


def test_no_two_generators_write_the_same_file() -> None:
    names = [name for generator in generate.GENERATORS for name in generator()]
    assert len(names) == len(set(names))
