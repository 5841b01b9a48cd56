"""What tests of several folders need: a small config, a small data set, a folder for runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

# One thread for each worker, and for each program that a test starts: tests run side by side, and the threads of OpenMP teams that share
# cores spin while they wait for each other (see wgan_core.training.device). The libraries of NumPy and scikit-learn read this when they
# are loaded.
os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})

import pytest
import torch

from tests.small import SMALL
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset

torch.set_num_threads(1)
# So that their asserts, too, tell what they compared.
pytest.register_assert_rewrite(
    "tests.app_page", "tests.exported", "tests.kernels", "tests.loops", "tests.sentences", "tests.trainers", "tests.waiting"
)


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Of PyTorch, for each test, whatever ran before it in this worker."""
    torch.manual_seed(0)


@pytest.fixture
def config() -> TrainConfig:
    """Digits at 8 px and networks that train thousands of steps a second."""
    return SMALL


@pytest.fixture
def dataset() -> ImageDataset:
    """70 random images of 8 × 8 px: four batches of 16 and a rest."""
    return ImageDataset("random", torch.randint(0, 256, (70, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the root of all runs."""
    root = tmp_path / "runs"
    monkeypatch.setenv("WGAN_RUNS_ROOT", str(root))
    return root


@pytest.fixture
def hangups_are_heard() -> Iterator[None]:
    """By the programs that are started, also where the tests themselves run under nohup."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's AppTest leaves its script as the main program, which processes that are spawned later would run. They fail, and a pool
    spawns others for ever."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before
