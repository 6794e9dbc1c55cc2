"""What several commands share: the `--config` option and the way from it to settings and a log."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.kernel.errors import Unavailable

if TYPE_CHECKING:
    from chargecloud.main.settings import Settings

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML file; CHARGECLOUD_… variables win over it")
]


def settings_of(config: Path | None, *, quiet: bool = False) -> "Settings":
    """Settings in force, with the log set up as they say; `quiet` is for terminals people read something else in."""
    from chargecloud.infra.telemetry import set_up_log
    from chargecloud.kernel.clock import SystemClock
    from chargecloud.main.settings_source import load_settings

    settings = load_settings(config)
    level = "warning" if quiet and "level" not in settings.log.model_fields_set else settings.log.level
    set_up_log(level, settings.log.format, SystemClock())
    return settings


def writing(settings: "Settings") -> "Settings":
    """The settings of a command that writes, once their data directory is there and takes files."""
    directory = settings.data_dir
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds personal data
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise Unavailable(
            f"data_dir (CHARGECLOUD_DATA_DIR): {directory} cannot be written: {error.strerror}; "
            "mend its permissions or name another directory",
            "data_dir_unusable",
        ) from None
    return settings
