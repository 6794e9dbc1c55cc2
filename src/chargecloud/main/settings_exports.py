"""The group of settings about lists as files."""

from pydantic import Field

from chargecloud.infra.sql.options import ExportOptions
from chargecloud.main.settings_section import Section

_EXPORTS = ExportOptions()


class ExportSettings(Section):
    """Limits of exports: lists as files, made in the background and kept in the database for a while."""

    max_rows: int = Field(
        _EXPORTS.max_rows, ge=1, le=10_000_000, description="rows of one file; a sheet of XLSX holds 1,048,575 besides"
    )
    max_file_mib: int = Field(_EXPORTS.max_file_mib, ge=1, le=1_024, description="size of one file in MiB")
    keep_h: int = Field(_EXPORTS.keep_h, ge=1, le=720, description="hours after which a file is forgotten")
    max_kept: int = Field(_EXPORTS.max_kept, ge=1, le=1_000, description="exports one of the staff may have at once")
    max_open: int = Field(_EXPORTS.max_open, ge=1, le=100, description="of these, such as wait or are being made")
    max_total_mib: int = Field(
        _EXPORTS.max_total_mib, ge=1, description="size of all files together in MiB, before they are packed"
    )
