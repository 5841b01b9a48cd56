"""`wgan replay`: train a run again, and its ancestors, and say whether the weights are the same."""

from __future__ import annotations

import sys
from typing import Any

import torch
from tqdm import tqdm

from wgan_core.runs.replay import begins_like, replay
from wgan_core.store.folder import NoRun, RunFolder, run_path
from wgan_core.store.locks import reading


def replay_run(folder: RunFolder, here: dict[str, Any] | None = None) -> int:
    """Train the run in `folder` again and print whether its weights are the same; after a branch, its parent too. Returns the exit
    status.

    here: settings of this machine that differ from the run's.
    """
    with tqdm(unit="step", disable=not sys.stderr.isatty(), total=max(folder.steps(), default=0)) as bar:

        def show(step: int, last: int) -> None:
            bar.update(step - bar.n)

        with reading(folder.path):
            found = replay(folder, show, here)
    same = ", ".join(map(str, found.same)) or "none"
    if found.drifted is None:
        edits = f"{count} edits" if (count := len(folder.edits())) != 1 else "1 edit"
        after = f" from step {folder.parent.step} of {folder.parent.run_id} on," if folder.parent is not None else ""
        print(f"Reproduced,{after} bit for bit, with {edits}. Steps compared: {same}.")
        return _replay_parent(folder, here)
    processes, then = folder.processes(), dict(folder.meta.get("versions") or {}).get("torch")
    if processes > 1:
        print(
            f"{processes} processes trained this run, and their sums are rounded differently: the weights should agree only up to rounding."
        )
    elif then not in (None, torch.__version__):
        print(
            f"The run began with PyTorch {then}. This is {torch.__version__}, which may round differently: expect agreement up to rounding."
        )
    print(f"Drifted: step {found.drifted} is the first saved step that differs. Identical before it: {same}.")
    return 1


def _replay_parent(folder: RunFolder, here: dict[str, Any] | None) -> int:
    """After a branch, its parent, if that lies beside it: whether the branch began with its weights, and whether it can be reproduced."""
    if folder.parent is None:
        return 0
    try:
        parent = RunFolder.open(run_path(folder.path.resolve().parent, folder.parent.run_id))
    except NoRun:
        print(f"The parent, {folder.parent.run_id}, is not beside this run: what came before the branch was not replayed.")
        return 0
    if (same := begins_like(folder, parent)) is not None:
        print(f"The branch begins with {'the' if same else 'OTHER'} weights {'of' if same else 'than'} step {folder.parent.step} there.")
    return replay_run(parent, here) if same is not False else 1
