"""Choosing the device that a run trains on."""

from __future__ import annotations

import ctypes
import platform
import sys

import torch

from wgan_core.config import ConfigError
from wgan_core.training.crew import Crew

# The number that PyTorch chose for this machine (its physical cores), before anything here changes it.
_CORES = torch.get_num_threads()
_USEFUL = 4


def resolve_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `mps` stands for on this machine. Raises ConfigError if there is no such device."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but PyTorch finds no CUDA GPU here: choose auto or cpu, or check the driver.")
    if name == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device is mps, but this machine has no Apple GPU that PyTorch can use: choose auto or cpu.")
    return torch.device(name)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which matrix products and convolutions have the `precision` that the setting of this name asks for."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def describe_device(device: torch.device) -> str:
    """The device in words, e.g. "CPU, 8 cores (x86_64)" or "NVIDIA H100 (CUDA)"."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} (CUDA)"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    return f"CPU, {_CORES} {'core' if _CORES == 1 else 'cores'} ({platform.machine()})"


def train_on_this_thread(threads: int = 0) -> Crew:
    """The threads for a training on the calling thread: `threads` of them including itself, or one for each core with 0, up to four: a step
    has no more parts that are worth handing over.

    Each computes on one core, so PyTorch's own team of threads is switched off here (see `crew` for why).
    """
    torch.set_num_threads(1)
    _keep_freed_memory()
    return Crew(threads or min(_CORES, _USEFUL))


def _keep_freed_memory() -> None:
    """Let glibc keep the memory that a training step frees for the next step, instead of returning it to the system and requesting it
    again.

    The system clears every page that it hands out: this caused 190 to 290 page faults per step of `walkthrough`, an eighth of its time. No
    more is kept than the largest step needs.
    """
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        trim_threshold, mmap_threshold = -1, -3  # constants from malloc.h
        libc.mallopt(trim_threshold, 2**31 - 1)
        libc.mallopt(mmap_threshold, 2**30)


def compute_beside_training() -> None:
    """Limit PyTorch's computations in the calling thread to one core, so that they do not halve the speed of a thread that trains."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
