"""Whether torchrun started this process as one of several. Imports no torch, so that a mistyped flag is refused at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

_NEEDED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Job:
    """The place of this process among those that train one run together."""

    rank: int
    """0 to size − 1. Process 0 keeps the run folder and speaks for all."""
    size: int
    """Processes on all machines together."""
    local_rank: int
    """Its number on its machine."""
    machine: int
    """The number of its machine."""

    @property
    def leads(self) -> bool:
        """Whether it is process 0."""
        return self.rank == 0


def current_job(environment: Mapping[str, str] = os.environ) -> Job | None:
    """The job that torchrun's variables describe; None for a process on its own, also where torchrun started just one."""
    if any(not environment.get(name) for name in _NEEDED) or int(environment["WORLD_SIZE"]) < 2:
        return None
    rank, size, local_rank = (int(environment[name]) for name in _NEEDED[:3])
    return Job(rank, size, local_rank, int(environment.get("GROUP_RANK", "0")))
