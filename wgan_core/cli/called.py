"""The name under which the command line was called, so that help, errors and hints show what the user can type; and what every command
uses for its flags."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wgan_core.config.whole import whole_number


def program() -> str:
    """What to type before a command: `wgan` if the user typed that, otherwise `python -m wgan_core`."""
    return "wgan" if Path(sys.argv[0]).stem == "wgan" else "python -m wgan_core"


def speaker() -> str:
    """The name shown in front of an error."""
    return program().split()[-1]


class UsageError(Exception):
    """An input that cannot be used. The message is one sentence."""


def counting_number(text: str) -> int:
    """A number from 1, for a flag."""
    if not (number := whole_number(text)):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text[:40]!r}")
    return number
