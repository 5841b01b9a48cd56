"""`--version`: the facts about the installation that a bug report needs."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
from typing import Any

import wgan_core

_LIBRARIES = ("torch", "torchvision", "numpy", "pydantic", "streamlit", "plotly")


class ShowVersions(argparse.Action):
    """A flag that prints `versions()` and ends the program."""

    def __init__(self, option_strings: list[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **more)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(versions())
        parser.exit()


def versions() -> str:
    """The versions of this package, Python and the main libraries, and the device that `auto` chooses, one per line."""
    from wgan_core.training.device import describe_device, resolve_device

    lines = {
        "wgan_core": wgan_core.__version__,
        "python": f"{platform.python_version()}, {platform.platform()}",
        **{name: _installed(name) for name in _LIBRARIES},
        "device": describe_device(resolve_device("auto")),
    }
    return "\n".join(f"{name:>11}  {value}" for name, value in lines.items())


def _installed(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
