"""How fast several runs train at once, each in a process of its own and on one thread, compared with one that is alone."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wgan_core.config import ConfigError, TrainConfig

WARM_UP_SECONDS = 60.0
"""At its beginning a run looks at everything once, on a thread of its own, beyond its budget for the whole run. One that is alone has a
core for that, so for the first minute it seems that several disturb each other."""


@dataclass(frozen=True)
class SeveralReport:
    """Steps per second of whole runs, which record, save and measure themselves."""

    runs: int
    alone: float
    """Of one run while the others stand still."""
    together: float
    """Of all runs at once, added."""
    share: float
    """together / (runs · alone), the median over the rounds."""
    cores: int

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def several_runs(
    config: TrainConfig, runs: int, *, rounds: int = 5, seconds: float = 3.0, warm_up: float = WARM_UP_SECONDS
) -> SeveralReport:
    """Measure one run alone and all at once, in turns, after they have trained for `warm_up` seconds.

    Raises ConfigError for fewer than two runs, or if a run ends early.
    """
    if runs < 2:
        raise ConfigError("--runs needs at least 2 runs, to be compared with one alone.")
    alone: list[float] = []
    together: list[float] = []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        others = [
            stack.enter_context(_started(config.replace(threads=1, seed=config.seed + index), Path(folder) / f"run-{index}"))
            for index in range(runs)
        ]
        _rates(others, warm_up)
        for index in range(rounds):
            alone += _rates([others[index % runs]], seconds)
            together.append(sum(_rates(others, seconds)))
    share = statistics.median(both / (runs * one) for one, both in zip(alone, together, strict=True))
    return SeveralReport(runs, statistics.median(alone), statistics.median(together), share, os.cpu_count() or 1)


Process = subprocess.Popen[str]


@contextlib.contextmanager
def _started(config: TrainConfig, path: Path) -> Iterator[Process]:
    """A run that trains when it is told to."""
    command = [sys.executable, "-m", "wgan_core.bench.one_run", config.model_dump_json(), str(path)]
    # A single thread is what each run has, also in libraries beside PyTorch.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def _rates(processes: Sequence[Process], seconds: float) -> list[float]:
    """Steps per second of each of these, all at once."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{json.dumps(seconds)}\n")
        process.stdin.flush()
    return [_answer(process) for process in processes]


def _answer(process: Process) -> float:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise ConfigError("A run ended early; what it printed stands above.")
    return float(line)
