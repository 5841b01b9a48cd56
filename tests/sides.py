"""Runs to compare: folders with a config, curves and readings, written without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wgan_core.compare.side import Side, open_side
from wgan_core.config import TrainConfig
from wgan_core.store.folder import RunFolder
from wgan_core.store.parent import Parent
from wgan_core.store.readings import Reading

DATA: dict[str, Any] = {"name": "digits", "images": 1797, "shape": [1, 32, 32], "fingerprint": "0123456789abcdef"}
MakeSide = Callable[..., Side]


def side_maker(root: Path) -> MakeSide:
    """A function that writes a run folder below `root`, once, and opens it."""

    def make(
        name: str = "a",
        *,
        steps: Sequence[int] = (10, 20, 30, 40),
        seconds_per_step: float = 0.5,
        estimates: Sequence[float] = (),
        edits: Sequence[tuple[int, str, Any]] = (),
        readings: Sequence[Reading] = (),
        data: dict[str, Any] = DATA,
        parent: Parent | None = None,
        at: int | None = None,
        **changes: Any,
    ) -> Side:
        config = TrainConfig(**{"n_critic": 5, **changes})
        if not (root / name).exists():
            folder = RunFolder.create(root / name, config, dataset=data, parent=parent)
            rows = np.zeros((len(steps), 8))
            rows[:, 0] = steps
            rows[:, 1] = rows[:, 0] // config.n_critic
            rows[:, 2] = rows[:, 0] * seconds_per_step
            rows[:, 3] = estimates or rows[:, 0]
            folder.append_metrics(rows)
            folder.append_readings(readings)
            for step, field, new in edits:
                folder.append_ledger(step, "edit", field=field, old=None, new=new)
        return open_side(root, name if at is None else f"{name}@{at}")

    return make
