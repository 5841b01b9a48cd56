"""The user's cache: data that was read or uploaded once and can be made again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import platformdirs


def cache_folder(part: str) -> Path:
    """The folder of one kind of cached things; in the system's folder for temporary files where there is no home folder."""
    try:
        return Path(platformdirs.user_cache_dir("wgan-playground")) / part
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "wgan-playground" / part
