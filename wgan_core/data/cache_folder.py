"""The user's cache: data that was read or uploaded once and can be made again."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs


def cache_folder(part: str) -> Path:
    """The folder of one kind of cached things; in the system's folder for temporary files where there is no home folder."""
    folder = Path(platformdirs.user_cache_dir("wgan-playground"))
    if not folder.is_absolute():  # it begins with ~, because there is no home folder
        folder = Path(tempfile.gettempdir()) / f"wgan-playground-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    return folder / part
