"""Golden files: one captured frame with what it says, to be kept as a test once a person has checked it."""

import hashlib
import json
from collections.abc import Mapping

KEPT = ("frame_type", "name", "direction", "sequence", "checksum", "fields")


def golden_text(raw: bytes, unit: Mapping[str, object]) -> str:
    """The file's text for one decoded frame, a line a field; a person fills in `source` and `note`.

    The file is called `<frame type>-<name>-<id>.json`.
    """
    identity = f"captured-{hashlib.sha256(raw).hexdigest()[:8]}"
    told = {"id": identity, "source": "", "kind": "captured", "note": ""}
    head = {**told, "hex": raw.hex().upper(), "expect": unit["verdict"]}
    lines = []
    for key, value in {**head, **{key: unit[key] for key in KEPT}}.items():
        if key == "fields" and isinstance(value, Mapping) and value:
            inner = ",\n".join(f"  {_json(name)}: {_json(field)}" for name, field in value.items())
            lines.append(f' "fields": {{\n{inner}\n }}')
        else:
            lines.append(f" {_json(key)}: {_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
