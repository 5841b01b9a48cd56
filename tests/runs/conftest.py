"""What the tests of runs need besides: the runs of a process, a config that trains long enough."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small import ENDLESS, SMALL
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager


@pytest.fixture
def manager(runs: Path) -> Iterator[RunManager]:
    """Without a server."""
    manager = RunManager(runs)
    yield manager
    manager.shutdown()


@pytest.fixture
def endless() -> TrainConfig:
    """Trains until it is stopped."""
    return SMALL.replace(max_steps=ENDLESS)


@pytest.fixture
def digits() -> TrainConfig:
    """Trains longer than any test has it train."""
    return SMALL.replace(max_steps=1000)
