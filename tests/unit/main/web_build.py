"""What both web apps keep: what is served was built from the sources committed beside it, and from nothing else."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from chargecloud.main.web_files import WebFile

ROOT = Path(__file__).parents[3]


def source_hash(root: Path, sources: Sequence[str]) -> str:
    """SHA-256 over "path, size, content" of every source, by path; `web/tools/ship.mjs` reckons the same."""
    paths = [
        path for name in sources for path in ([root / name] if (root / name).is_file() else root.glob(f"{name}/**/*"))
    ]
    hashed = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in paths if path.is_file()):
        if not name.endswith(".d.ts"):
            content = path.read_bytes()
            hashed.update(f"{name} {len(content)}\n".encode())
            hashed.update(content)
    return hashed.hexdigest()


def shipped_hash(package: str) -> str:
    """What the built files say they were built from."""
    return (ROOT / "src/chargecloud/main" / package / "static/.source-hash").read_text("utf-8").strip()


def named_machines(files: Mapping[str, WebFile]) -> list[tuple[str, bytes]]:
    """Built files that name the machine they were built on; paths are looked for in every file by tests/tidy."""
    words = (b"localhost:", b"node_modules/")
    return [
        (path, word)
        for path, file in files.items()
        if not file.kind.startswith("image/png")
        for word in words
        if word in file.content
    ]


def locked(app: str) -> tuple[int, bool]:
    """How many packages a lock file pins by hash, and whether it names a registry."""
    text = (ROOT / "web" / app / "package-lock.json").read_text("utf-8")
    return text.count('"integrity": "sha512-'), '"resolved"' in text
