"""Room for a data set: in memory, or in a file if it would take more than half of the memory that is free."""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wgan_core.data.cache_folder import cache_folder
from wgan_core.data.dataset import DataError

_WITHOUT_KNOWLEDGE = 8 * 10**9
"""Bytes that are taken to be free where the system does not tell."""


def free_memory() -> int:
    """Bytes of memory that are free."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) // 2
    except (AttributeError, OSError, ValueError):
        return _WITHOUT_KNOWLEDGE


def too_large_for_memory(bytes_needed: int) -> bool:
    """Whether so many bytes go to a file instead of memory."""
    return bytes_needed > free_memory() // 2


def room_for(shape: tuple[int, ...], dtype: torch.dtype, progress: Callable[[str, int, int], None]) -> Tensor:
    """An empty tensor, in memory or mapped from a file that goes with it. Tells `progress` before a file is made.

    Raises DataError if there is no room for the file.
    """
    size = math.prod(shape) * dtype.itemsize
    if not too_large_for_memory(size):
        return torch.empty(shape, dtype=dtype)
    folder = cache_folder("pictures")
    progress(f"The images take {size / 1e9:,.1f} GB, more than half of the free memory, so they go to a file in {folder}", 0, 1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix="room-", dir=folder, delete=False) as file:
            path = Path(file.name)
            # The blocks are asked for now: a mapped file that finds no space later would end the process.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        raise DataError(
            f"The images need {size / 1e9:,.1f} GB in {folder} ({error.strerror}): free some space there, or choose a smaller image size."
        ) from None
    array = np.memmap(path, dtype=np.uint8 if dtype == torch.uint8 else np.float32, mode="r+" if path.stat().st_size else "w+", shape=shape)
    weakref.finalize(array, path.unlink, missing_ok=True)
    return torch.from_numpy(array)
