"""All runs of this server, for the pages that list them. Needs no PyTorch, so that lists appear before it has loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.shared.shipped import SHIPPED
from wgan_core.config import TrainConfig
from wgan_core.library.entry import Entry
from wgan_core.library.index import Library
from wgan_core.library.labels import read_labels
from wgan_core.runs.names import run_title
from wgan_core.store.folder import runs_root

MANY = 100
"""Folders that take long enough to read for a bar."""


@st.cache_resource(show_spinner=False)
def library() -> Library:
    """The runs below the folder of runs."""
    return Library(runs_root(), run_title)


def listed(progress: Callable[[int, int], None] = lambda done, of: None) -> list[Entry]:
    """All runs as they are now, in the usual order; those that this process trains as it knows them.

    progress: called with how many of how many folders have been read, if some have to be.
    """
    return [as_trained(_named(entry)) for entry in library().entries(progress)]


def listed_with_progress() -> list[Entry]:
    """All runs; while many folders have to be read, as on the first day, a bar says how far that is."""
    place = st.empty()

    def show(done: int, of: int) -> None:
        if of >= MANY and done % MANY == 0:
            place.progress(done / of, f"Reading {of:,} run folders. This is done once.")

    entries = listed(show)
    place.empty()
    return entries


def title_of(name: str, config: TrainConfig) -> str:
    """What the run in the folder `name` is called: the title that somebody gave it, or its own name. It may hold any characters: put it
    through `text.as_plain` before it becomes Markdown.

    config: the settings that it started with.
    """
    return read_labels(library().root / name).title or run_title(name, config)


def _named(entry: Entry) -> Entry:
    """What the runs that come with the project show is said before their names."""
    return replace(entry, own_title=f"{SHIPPED[entry.name][0]} ({entry.name})") if entry.name in SHIPPED else entry


def as_trained(entry: Entry) -> Entry:
    """The entry with status and step from this process, if it trains the run."""
    # Without this module, which loads PyTorch, nothing trains here.
    if "pages.shared.server" not in sys.modules:
        return entry
    from pages.shared.server import run_manager

    run = run_manager().get(entry.name)
    if run is None or run.snapshot.ended:
        return entry
    return replace(entry, status=run.snapshot.status, step=max(entry.step, run.snapshot.step))


def is_in_use(name: str) -> bool:
    """Whether this process trains the run of that name, or will when its turn comes."""
    if "pages.shared.server" not in sys.modules:
        return False
    from pages.shared.server import run_manager

    run = run_manager().get(name)
    return run is not None and not run.snapshot.ended
