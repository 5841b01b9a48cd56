"""Which files belong to a run, by their paths inside its folder. Others do not travel in a zip."""

from __future__ import annotations

import re

from wgan_core.store.layout import FOLDERS, MAX_BYTES
from wgan_core.store.past import STEP

_STEP_FILE = re.compile(rf"steps/(?:{STEP})/[a-z]{{1,40}}\.safetensors")
_OTHER_FILE = re.compile(rf"(?P<folder>{'|'.join(name for name in FOLDERS if name != 'steps')})/[A-Za-z0-9][A-Za-z0-9._-]{{0,150}}")


def belongs(path: str) -> bool:
    """Whether a run writes a file with this path, with / between its parts."""
    return (path in MAX_BYTES and path != ".lock") or bool(_STEP_FILE.fullmatch(path) or _OTHER_FILE.fullmatch(path))


def max_bytes(path: str) -> int | None:
    """The largest size of a file that belongs to a run; None if there is no limit of its own."""
    return MAX_BYTES.get(path, FOLDERS.get(path.partition("/")[0]))
