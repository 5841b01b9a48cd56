"""Train a run again from its settings and its ledger, and check whether the weights are the same.

On the run's CPU, with its version of PyTorch, they are the same to the last bit. Elsewhere the rounding differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from wgan_core.runs.run_data import data_of_run
from wgan_core.store.folder import RunFolder, StoreError, TensorDict
from wgan_core.training.device import train_on_this_thread
from wgan_core.training.trainer import Trainer


@dataclass(frozen=True)
class Replay:
    """The result of a replay: the saved steps whose weights were identical, bit for bit, and the first one that differed, if any."""

    same: tuple[int, ...]
    drifted: int | None


def replay(folder: RunFolder, progress: Callable[[int, int], None] = lambda step, last: None, here: dict[str, Any] | None = None) -> Replay:
    """Train `folder`'s run again, with every edit at the step where it was made, and compare the weights at each saved step. A branch is
    trained again from the step at which it began.

    Args:
        folder: the run; it is not changed.
        progress: called a hundred times with the step reached and the last step.
        here: settings of this machine that differ from the run's: `data_root`, `device`, `threads`.

    Raises StoreError, DataError or ConfigError if the run or its data cannot be read.
    """
    start = folder.parent.step if folder.parent is not None else 0
    saved = [step for step in folder.steps() if step > start]
    folder.check_edits_known()
    if not folder.can_resume():
        raise StoreError("This run has only rounded weights, so it cannot be compared bit for bit.")
    if not saved:
        raise StoreError(f"This run has no saved step after step {start} to compare with.")
    config = folder.config.replace(**(here or {}))
    crew = train_on_this_thread(config.threads)
    dataset, config = data_of_run(folder, config)
    here = {name: getattr(config, name) for name in ("data_root", *(here or {}))}
    trainer = Trainer(config, dataset, crew=crew)
    if folder.parent is not None:
        trainer.load_state_dict(folder.read_step(start))
        trainer.configure(config)
    edited = {edit.step for edit in folder.edits()}
    same: list[int] = []
    for step in range(start, saved[-1]):
        if step in edited:
            trainer.configure(folder.config_at(step).replace(**here))
        trainer.train_step()
        if (step + 1) % max(1, (saved[-1] - start) // 100) == 0:
            progress(step + 1, saved[-1])
        if step + 1 in saved:
            if not _equal(trainer, folder, step + 1):
                return Replay(tuple(same), step + 1)
            same.append(step + 1)
    return Replay(tuple(same), None)


def begins_like(branch: RunFolder, parent: RunFolder) -> bool | None:
    """Whether a branch's first step has the weights of the parent's; None if the parent does not have that step any more."""
    step = branch.parent.step if branch.parent is not None else 0
    if step not in parent.steps():
        return None
    return all(_same_tensors(branch.read_part(step, part), parent.read_part(step, part)) for part in ("generator", "critic"))


def _equal(trainer: Trainer, folder: RunFolder, step: int) -> bool:
    parts = (("generator", trainer.generator.state_dict()), ("critic", trainer.critic.state_dict()))
    return all(_same_tensors(state, folder.read_part(step, part)) for part, state in parts)


def _same_tensors(ours: TensorDict, theirs: TensorDict) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name].cpu(), theirs[name]) for name in ours)
