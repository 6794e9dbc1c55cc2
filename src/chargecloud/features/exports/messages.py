"""Exports: a list as a file, asked for by one of the staff and made in the background."""

from enum import StrEnum

import msgspec


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Format(StrEnum):
    """What kind of file; also the ending of its name."""

    CSV = "csv"
    XLSX = "xlsx"


class Language(StrEnum):
    """Of titles and words in the file."""

    CHINESE = "zh"
    ENGLISH = "en"


Texts = list[str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to have as a file."""

    list: str
    """A name of `model_lists.LISTS`."""
    format: Format
    language: Language
    filters: dict[str, str]
    """As the list's own route takes them."""
    columns: Texts
    """Which, in this order."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """An export of somebody."""

    export_id: int
    operator_id: int
    staff_id: int
    wanted: Wanted
    state: ExportState
    rows: int
    """Written so far."""
    more: bool
    """Whether the list went on where the file ends, because a file has at most so many rows."""
    size_bytes: int
    chunks: int
    attempts: int
    error: str
    """Code of what went wrong."""
    reason: str
    created_at_ms: int
    started_at_ms: int | None
    ended_at_ms: int | None
    expires_at_ms: int | None
    """When the file is forgotten."""
