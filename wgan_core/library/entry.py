"""What a list of runs shows of one run, as plain values: read from the run's folder, kept in the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wgan_core.config import POINT_SETS
from wgan_core.library.labels import Labels

LIVE = ("queued", "loading", "running", "paused")
"""The statuses of a run that has not ended."""


class Measured(NamedTuple):
    """What an instrument has read over a run, see `store.readings`."""

    value: float | None
    """The last value."""
    step: int
    floor: float | None = None
    floor_sd: float | None = None
    best: float | None = None
    """The best value, where one end is the good one."""
    best_step: int | None = None


@dataclass(frozen=True)
class Entry:
    """One run. If `damaged` says something, its folder cannot be opened, and only name, size and labels are known."""

    name: str
    """The name of its folder, by which the pages and the command line call it."""
    run_id: str = ""
    """The id written into it, which stays when the folder is copied or renamed."""
    damaged: str = ""
    """What is wrong with it, in one sentence."""
    own_title: str = ""
    created: str = ""
    """In the form of ISO 8601, UTC."""
    status: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """In force at its last step."""
    edited: Mapping[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
    """The settings that were edited while it trained, with all their values in order."""
    parent: str = ""
    """The id of the run that it is a branch of; empty if it is none."""
    parent_step: int = 0
    step: int = 0
    generator_updates: int = 0
    seconds: float = 0.0
    """Of training, without pauses."""
    estimate: float | None = None
    """The last Wasserstein estimate; None for an ordinary GAN."""
    curve: tuple[float, ...] = ()
    """The estimate at evenly spaced moments."""
    measures: Mapping[str, Measured] = field(default_factory=dict[str, Measured])
    size: int = 0
    """Bytes on the disk."""
    fingerprint: str = ""
    """Of the data it was trained on."""
    grid: str = ""
    """The file name of its newest sample grid; empty if there is none."""
    saved_steps: int = 0
    labels: Labels = field(default_factory=Labels)
    data: str = ""
    """The name of the data set."""
    own_note: str = ""
    """The note that it was started with."""
    owner: str = ""
    """The name of who started it, on a server that several people use; empty if nobody was noted."""
    owner_id: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.labels.title or self.own_title or self.name

    @property
    def note(self) -> str:
        """What somebody noted about it; else what it was started with."""
        return self.labels.note or self.own_note

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in LIVE

    @property
    def makes_points(self) -> bool:
        """Whether it generates points, not images."""
        return self.data in POINT_SETS


_TEXTS = (
    "name",
    "run_id",
    "damaged",
    "own_title",
    "created",
    "status",
    "parent",
    "fingerprint",
    "grid",
    "data",
    "own_note",
    "owner",
    "owner_id",
)
_COUNTS = ("parent_step", "step", "generator_updates", "size", "saved_steps")


def to_facts(entry: Entry) -> dict[str, Any]:
    """The entry as JSON values."""
    return vars(entry) | {"labels": vars(entry.labels)}


def from_facts(facts: Mapping[str, Any]) -> Entry:
    """The entry in `facts`, as `to_facts` made them. Raises ValueError, TypeError or KeyError for anything else."""
    values: dict[str, Any] = dict(facts)
    said: dict[str, Any] = facts["labels"]
    values["labels"] = Labels(said["title"], tuple(said["tags"]), said["note"], said["pinned"])
    values["edited"] = {name: tuple(found) for name, found in facts["edited"].items()}
    values["curve"] = tuple(facts["curve"])
    values["measures"] = {key: Measured(*one) for key, one in facts["measures"].items()}
    entry = Entry(**values)
    texts = all(isinstance(values[name], str) for name in _TEXTS)
    counts = all(isinstance(values[name], int) for name in _COUNTS) and isinstance(values["seconds"], (int, float))
    if not (texts and counts and isinstance(values["settings"], dict)):
        raise ValueError("not what the index holds")
    return entry
