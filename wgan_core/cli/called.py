"""The name under which the command line was called, so that help, errors and hints show what the user can type."""

from __future__ import annotations

import sys
from pathlib import Path


def program() -> str:
    """What to type before a command: `wgan` if the user typed that, otherwise `python -m wgan_core`."""
    return "wgan" if Path(sys.argv[0]).stem == "wgan" else "python -m wgan_core"


def speaker() -> str:
    """The name shown in front of an error."""
    return program().split()[-1]
