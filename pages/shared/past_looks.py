"""What was measured on a kept step of a run for a page: computed once, and kept for all browser tabs."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from pages.shared.run_data import run_data
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading
from wgan_core.timeline.looks import Landscape, Scores, health_at, landscape_at, scores_at

log = logging.getLogger(__name__)


def scores_then(path: Path, step: int) -> Scores:
    """The critic's scores at a kept step of the run in the folder `path`. Raises StoreError."""
    return _scores(path, step, _stamp(path, step))


def landscape_then(path: Path, step: int) -> Landscape:
    """The critic's landscape at a kept step. Raises StoreError."""
    return _landscape(path, step, _stamp(path, step))


def health_then(path: Path, step: int, generator_updates: int) -> Reading | None:
    """The critic's health at a kept step; None if the run's data, on which it is measured, are not here. Raises StoreError."""
    return _health(path, step, _stamp(path, step), generator_updates)


def _stamp(path: Path, step: int) -> float:
    """When the step was written: after a resume, a step with the same number may hold other weights."""
    for file in (path / "steps" / f"{step:08d}" / "critic.safetensors", path / "light" / f"{step:08d}.safetensors"):
        if file.exists():
            return file.stat().st_mtime
    return 0.0


@st.cache_resource(max_entries=64, show_spinner=False)
def _scores(path: Path, step: int, stamp: float) -> Scores:
    return scores_at(RunFolder.open(path), step, _data_of(path))


@st.cache_resource(max_entries=64, show_spinner=False)
def _landscape(path: Path, step: int, stamp: float) -> Landscape:
    return landscape_at(RunFolder.open(path), step)


@st.cache_resource(max_entries=128, show_spinner="Measuring the critic of this step …")
def _health(path: Path, step: int, stamp: float, generator_updates: int) -> Reading | None:
    data = _data_of(path)
    return None if data is None else health_at(RunFolder.open(path), step, data, generator_updates=generator_updates)


def _data_of(path: Path) -> Dataset | None:
    try:
        return run_data(path.name)
    except (DataError, OSError) as error:
        log.info("the data of run %s are not here: %s", path.name, error)
        return None
