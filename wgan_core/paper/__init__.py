"""Results of the WGAN papers, each computed again, drawn, and checked against a criterion that a broken WGAN does not meet.

WGAN is arXiv 1701.07875, WGAN-GP is arXiv 1704.00028. There is one module per result. This module imports none of them, so that listing the
names is cheap.
"""

from __future__ import annotations

import importlib
import time

from wgan_core.paper.result import Experiment, Progress, Result

NAMES = ("lines", "gaussians", "quality", "generators", "surfaces", "depth", "boundary", "architectures", "methods", "overfitting")
"""In the order of the papers."""


def experiment(name: str) -> Experiment:
    """The experiment called `name`, one of `NAMES`."""
    found = importlib.import_module(f"wgan_core.paper.{name}").EXPERIMENT
    assert isinstance(found, Experiment)
    return found


def run(name: str, seed: int = 0, progress: Progress | None = None) -> Result:
    """Compute the experiment called `name`, in the calling thread and on one core. The same seed gives the same numbers.

    Raises:
        Stopped: `progress.stop()` was called.
    """
    from wgan_core.training.device import compute_beside_training

    compute_beside_training()
    chosen, start = experiment(name), time.perf_counter()
    checks, figure = chosen.measure(seed, progress or Progress())
    return Result(name, chosen.title, chosen.criterion, checks, figure, time.perf_counter() - start, seed)
