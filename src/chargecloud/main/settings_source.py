"""From file, environment and command line to `Settings`; what is wrong is named together with the way to mend it."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from chargecloud.kernel import killpoints
from chargecloud.kernel.errors import Invalid
from chargecloud.main.settings import DELIMITER, PREFIX, Settings, is_secret, keys, variable

CONFIG_VARIABLE = "CHARGECLOUD_CONFIG"
SECRETS_VARIABLE = "CHARGECLOUD_SECRETS"


def load_settings(config: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """Overrides before environment before secrets before TOML file before defaults.

    Raises `Invalid` naming each key to mend.
    """
    path = config or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    secrets = _from_secrets(Path(os.environ[SECRETS_VARIABLE])) if os.environ.get(SECRETS_VARIABLE) else {}
    values = _merged(_from_file(path) if path else {}, secrets, _from_environment(), overrides or {})
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        complaints = [_complaint(fault) for fault in error.errors()]
        raise Invalid("\n".join(complaints), "invalid_settings") from None


def _merged(*layers: Mapping[str, object]) -> dict[str, object]:
    result: dict[str, object] = {}
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            result[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Invalid(
            f"{path}: cannot be read ({error.strerror}); mend --config or {CONFIG_VARIABLE}", "no_config"
        ) from None
    except UnicodeDecodeError:
        raise Invalid(f"{path}: is not UTF-8 text; save it as UTF-8", "invalid_config") from None
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{path}: is not TOML: {error}", "invalid_config") from None


def _from_secrets(directory: Path) -> dict[str, object]:
    """A folder with a file for each secret, named as its key, as systemd, Docker and Kubernetes hand them over."""
    values: dict[str, object] = {}
    known = set(keys())
    try:
        for file in sorted(directory.iterdir()):
            if file.name.startswith(".") or file.is_dir():
                continue
            if file.name not in known:
                raise Invalid(f"{file}: there is no such setting{_nearest(file.name, known)}", "invalid_settings")
            nested: object = file.read_text("utf-8").strip()
            for part in reversed(file.name.split(".")):
                nested = {part: nested}
            values = _merged(values, cast(Mapping[str, object], nested))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{directory}: cannot be read ({error}); mend {SECRETS_VARIABLE}", "no_secrets") from None
    return values


def _from_environment() -> dict[str, object]:
    _refuse_unknown_variables()
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        name = str(error).split('"')[1] if '"' in str(error) else "?"
        message = f"{variable(name)}: its value is not JSON; lists and tables are given as JSON"
        raise Invalid(message, "invalid_settings") from None


def _refuse_unknown_variables() -> None:
    known = {variable(key) for key in keys()} | {CONFIG_VARIABLE, SECRETS_VARIABLE, killpoints.ENVIRONMENT}
    known |= {PREFIX + name.upper() for name in Settings.model_fields}
    complaints = [
        f"{name}: there is no such setting{_nearest(name, known)}"
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name not in known and not name.startswith(PREFIX + "LISTENERS" + DELIMITER)
    ]
    if complaints:
        raise Invalid("\n".join(complaints), "invalid_settings")


def _complaint(fault: ErrorDetails) -> str:
    dotted = ".".join(str(part) for part in fault["loc"])
    known = set(keys())
    where = f"{dotted} ({variable(dotted)})" if dotted in known else dotted
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting{_nearest(dotted, known)}"
    given = fault["input"]
    shown = f" (got {given!r})" if isinstance(given, str | int) and not is_secret(dotted) else ""
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}{shown}"


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else "; docs/operating/settings.md lists all"
