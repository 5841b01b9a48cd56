"""Explains to the user why a run ended."""

from __future__ import annotations

from typing import Protocol

import torch

from wgan_core.config import ConfigError
from wgan_core.data.dataset import DataError
from wgan_core.runs.guard import NotFinite
from wgan_core.runs.recorder import Recorder
from wgan_core.store.folder import StoreError
from wgan_core.training.trainer import Trainer
from wgan_core.training.world import PeerLost


class Loop(Protocol):
    """The parts of a `RunLoop` that an explanation needs."""

    trainer: Trainer
    recorder: Recorder


def explain_failure(error: BaseException, loop: Loop | None) -> str:
    """What happened to a run, in words for its user."""
    kept = max(loop.recorder.saved_steps, default=None) if loop else None
    resume = f" Step {kept} is saved: resume from it with other settings." if kept is not None else ""
    if isinstance(error, NotFinite) and loop:
        return (
            f"A score or weight became infinite or not a number at step {loop.trainer.step}, so the run was stopped. "
            f"A lower learning rate usually helps.{resume}"
        )
    if isinstance(error, PeerLost):
        return f"{error}" + (f" Step {kept} is saved: resume from it, with any number of processes." if kept is not None else "")
    if is_out_of_memory(error):
        return f"There is not enough memory: use a smaller batch size, image size or smaller networks.{resume}"
    if isinstance(error, (ConfigError, DataError, StoreError)) or (isinstance(error, ValueError) and loop is None):
        return f"{error}"
    return f"The run stopped because of an error in the program ({type(error).__name__}: {str(error)[:200]}).{resume}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the host or a device ran out of memory."""
    text = str(error).lower()
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or any(
        sign in text for sign in ("out of memory", "can't allocate memory", "not enough memory")
    )
