"""Folders on disk."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """A new name is on disk only once its folder is. Windows opens no folder; it writes names through by itself."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
