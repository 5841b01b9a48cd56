"""Finding the run that somebody named on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def open_library() -> Any:
    """All runs of this machine."""
    from wgan_core.library.index import Library
    from wgan_core.runs.names import run_title
    from wgan_core.store.folder import runs_root

    return Library(runs_root(), run_title)


def find_run(text: str) -> Path:
    """The folder of the run that `text` names: a path, the name of a folder in checkpoints/, its number (4 or #4), or its title. Raises
    StoreError."""
    from wgan_core.store.folder import NoRun, run_number, runs_root

    if (Path(text) / "config.json").is_file():
        return Path(text).resolve()
    root = runs_root()
    if "/" not in text and text not in ("", ".", "..") and (root / text).is_dir():
        return root / text
    entries = open_library().entries()
    number = text.removeprefix("#")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    tests = (
        lambda entry: wanted is not None and run_number(entry.name) == wanted,
        lambda entry: entry.title.casefold() == text.casefold(),
        lambda entry: text != "" and entry.name.startswith(text),
    )
    for test in tests:
        found = [entry.name for entry in entries if test(entry)]
        if len(found) > 1:
            raise NoRun(f"{text!r} could be any of {len(found)} runs, such as {found[0]} or {found[1]}: write the whole name.")
        if found:
            return root / found[0]
    raise NoRun(f"There is no run {text[:80]!r}: `runs` lists them.")
