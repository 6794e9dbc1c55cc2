"""The doctor says which journals hold records, without opening them."""

from pathlib import Path

from chargecloud.infra.journal_segments import Segments
from chargecloud.main.doctor_finding import Finding, Level
from chargecloud.main.doctor_journals import journals
from chargecloud.main.role_gateway import journal_path
from chargecloud.main.settings import Settings


def looked_at(tmp_path: Path) -> list[Finding]:
    return list(journals(Settings.model_validate({"data_dir": tmp_path})))


def opened(directory: Path) -> Segments:
    segments = Segments(directory, segment_bytes=4096, count=2, first_number=1)
    segments.open()
    return segments


def test_no_gateway_has_run_here(tmp_path: Path) -> None:
    assert looked_at(tmp_path / "new") == []


def test_empty_waiting_and_drained(tmp_path: Path) -> None:
    directory = journal_path(Settings.model_validate({"data_dir": tmp_path}), "g1")
    segments = opened(directory)
    assert [(found.level, found.subject) for found in looked_at(tmp_path)] == [(Level.FINE, "journal g1")]
    segments.append([b"a record"])
    found = looked_at(tmp_path)
    assert [each.level for each in found] == [Level.NOTE]
    assert found[0].text.startswith("1 of its files")
    segments.look(10)
    segments.take()
    assert [each.level for each in looked_at(tmp_path)] == [Level.FINE]
    segments.close()


def test_what_nobody_can_read_is_wrong(tmp_path: Path) -> None:
    directory = tmp_path / "journal-g1"
    opened(directory).close()
    (directory / "unreadable.msgpack").write_bytes(b"12345")
    found = looked_at(tmp_path)
    assert [each.level for each in found] == [Level.WRONG]
    assert "5 bytes" in found[0].text


def test_only_folders_count(tmp_path: Path) -> None:
    (tmp_path / "journal-notes").write_text("no journal", "utf-8")
    assert looked_at(tmp_path) == []
