"""Whether torchrun started this process as one of several. Imports no torch, so that a mistyped flag is reported at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

_NEEDED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Job:
    """The place of this process among those that train one run together."""

    rank: int
    """0 to size − 1. Process 0 owns the run folder and does all the printing."""
    size: int
    """Number of processes on all machines together."""
    local_rank: int
    """Number of this process on its machine."""
    machine: int
    """Number of the machine."""

    @property
    def leads(self) -> bool:
        """Whether it is process 0."""
        return self.rank == 0


def current_job(environment: Mapping[str, str] = os.environ) -> Job | None:
    """The job described by torchrun's variables; None for a single process, even if torchrun started it."""
    if any(not environment.get(name) for name in _NEEDED) or int(environment["WORLD_SIZE"]) < 2:
        return None
    rank, size, local_rank = (int(environment[name]) for name in _NEEDED[:3])
    return Job(rank, size, local_rank, int(environment.get("GROUP_RANK", "0")))
