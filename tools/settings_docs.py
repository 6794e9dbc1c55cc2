"""docs/operating/settings.md."""

from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chargecloud.main.settings import ListenerSettings, ProfileSettings, Section, Settings, variable

HEAD = """# Settings

Generated from `chargecloud.main.settings` by `make docs`; do not edit.

Each setting is an environment variable, or the same key in a TOML file named by `--config` or `CHARGECLOUD_CONFIG`.
Command-line flags win over the environment, the environment over the secrets, those over the file, the file over the
defaults. Nested keys join with `__` in variables and are tables in TOML; lists are JSON in variables. An unknown key or
a value that does not fit stops the start and is named together with the way to mend it.

Secrets need not stand in a file or a variable that others may read: `CHARGECLOUD_SECRETS` names a folder with one file
for each, called as its key (`database.url`, `bus.url`, `cache.url`, `http.metrics_token`, `wechat.app_secret`,
`wechat.apiv3_key`). systemd's credentials and Docker's secrets are such folders, see [service](service.md#secrets).

```toml
data_dir = "/var/lib/chargecloud"
enrolment = "closed"

[http]
port = 8080

[[listeners]]
protocol = "ykc16"
port = 8768
```

The defaults are the embedded profile: one process, SQLite in the data directory, nothing else to install.
`chargecloud doctor` checks what is configured. `CHARGECLOUD_KILLPOINT` is no setting: tests end the process with it at
a named place ([which](../reliability.md)); leave it unset.

| variable | key in TOML | default | meaning |
|---|---|---|---|
"""

LISTENERS = """
## Listeners

`CHARGECLOUD_LISTENERS` is a list of addresses charge points connect to, as many as wanted; in TOML each is a
`[[listeners]]` table.

| field | default | meaning |
|---|---|---|
"""

PROFILES = """
## Profiles

`CHARGECLOUD_PROFILES` says what the platform cannot find out by itself: that charge points of one product or firmware
speak otherwise than their vendor's paper. In TOML each is a `[[profiles]]` table; at least one of `code_prefix`,
`product` and `firmware_prefix` is given, all that are given have to match, and the last that matches wins. A field the
protocol does not know, or a value it cannot take, stops the start. What can be changed stands in
[adding a vendor](../protocols/adding-a-vendor.md#profiles).

```toml
[[profiles]]
protocol = "dny"
name = "market hall"
product = "31"
changes = { heartbeat_s = 60, start_sizes = [29] }
```

| field | default | meaning |
|---|---|---|
"""


def render() -> str:
    """The whole document."""
    rows = [
        f"| `{variable(key)}` | `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in _fields(Settings)
    ]
    listener = [f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in _fields(ListenerSettings)]
    profile = [f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in _fields(ProfileSettings)]
    tables = (HEAD, rows, LISTENERS, listener, PROFILES, profile)
    return "".join(part if isinstance(part, str) else "\n".join(part) + "\n" for part in tables)


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _fields(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple) and value:
        return "<br>".join(f"`{_item(item)}`" for item in value)
    if value is None or str(value) in {"", "()"}:
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _item(item: object) -> str:
    return item.model_dump_json(include={"protocol", "host", "port"}) if isinstance(item, BaseModel) else str(item)


def _meaning(field: FieldInfo) -> str:
    if not field.description:
        raise ValueError("every setting explains itself")
    kind = field.annotation
    choices = " · ".join(f"`{choice}`" for choice in get_args(kind)) if get_origin(kind) is Literal else ""
    return f"{field.description} ({choices})" if choices else field.description


def outputs() -> dict[str, str]:
    """Path and text of what is generated."""
    return {"docs/operating/settings.md": render()}
