"""What the tests of pages need besides: the runs of a server that has just been started, and a run that has ended or trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from pages.shared.server import run_manager
from tests.small import ENDLESS
from tests.waiting import trained, wait_for
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run


@pytest.fixture
def manager(runs: Path) -> Iterator[RunManager]:
    """The server's own, which the pages use."""
    st.cache_resource.clear()
    st.cache_data.clear()
    manager = run_manager()
    assert manager.root == runs
    yield manager
    manager.shutdown()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def finished(manager: RunManager, config: TrainConfig) -> Run:
    """A run of `config`, trained to its end."""
    return trained(manager, config)


@pytest.fixture
def endless(manager: RunManager, config: TrainConfig) -> Run:
    """A run that trains until it is stopped."""
    run = manager.start(config.replace(max_steps=ENDLESS))
    wait_for(run, "running")
    return run
