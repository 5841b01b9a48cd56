"""How the command line was called: help, errors and hints name what the user can type again."""

from __future__ import annotations

import sys
from pathlib import Path


def program() -> str:
    """What to type before a command: `wgan` where that was typed, else `python -m wgan_core`."""
    return "wgan" if Path(sys.argv[0]).stem == "wgan" else "python -m wgan_core"


def speaker() -> str:
    """The name in front of an error."""
    return program().split()[-1]
