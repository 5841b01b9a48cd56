"""The generator and critic that the page explores: those of one saved step of one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.shared.server import run_manager
from wgan_core.latent.saved import SavedNetworks, load_networks
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import DamagedRun, RunFolder, RunSummary, StoreError, look_through, run_path

_REFERENCE_SEED, _REFERENCE_COUNT = 12345, 256


@dataclass(frozen=True)
class Source:
    """The networks of one saved step, ready to generate images or points."""

    run_id: str
    step: int
    steps: tuple[int, ...]
    networks: SavedNetworks
    reference_scores: NDArray[np.float32]
    """The critic's scores of random images or points from this generator, in ascending order."""
    dataset: str
    averages: bool
    """Whether the run has an averaged generator."""
    averaged: bool
    """Whether `networks` holds the averaged generator."""
    modified: float
    """When the step was written, in seconds since 1970. After a resume, a step with the same number may hold other weights."""

    @property
    def key(self) -> tuple[str, int, float, bool]:
        """The key of these networks in caches."""
        return self.run_id, self.step, self.modified, self.averaged

    @property
    def name(self) -> str:
        """How the names of files made from these networks begin."""
        return f"{self.run_id}-step{self.step}{'-averaged' if self.averaged else ''}"

    @property
    def latent_dim(self) -> int:
        """The length of a latent."""
        return self.networks.latent_dim

    @property
    def kind(self) -> str:
        """What the generator makes: images or points."""
        return "points" if self.networks.makes_points else "images"

    def pixels(self, z: Latents) -> NDArray[np.uint8]:
        """Images [n, h, w, c] of latents [n, latent_dim]."""
        return self.networks.pixels(z)

    def score(self, z: Latents) -> tuple[float, float]:
        """The critic's score of the image or point of a latent, and the share of random images or points that score lower."""
        score = float(self.networks.scores(z[None])[0])
        return score, float(np.searchsorted(self.reference_scores, score) / len(self.reference_scores))


def runs_to_choose() -> tuple[list[RunSummary], list[DamagedRun]]:
    """Runs with saved steps, first those that are training, then the newest; and the runs with a damaged folder."""
    active = {run.run_id for run in run_manager().all_active()}
    runs, damaged = look_through(run_manager().root)
    return sorted((run for run in runs if run.has_steps), key=lambda run: run.run_id not in active), damaged


def saved_steps(run_id: str) -> tuple[int, ...]:
    """The steps of a run that are saved so far, in ascending order. Raises StoreError."""
    return kept_steps(RunFolder.open(run_path(run_manager().root, run_id)))


def kept_steps(folder: RunFolder) -> tuple[int, ...]:
    """The steps whose networks are kept, in full or to be looked at only, in ascending order."""
    return tuple(sorted({*folder.steps(), *folder.past.light_steps()}))


def open_source(run_id: str, step: int | None, *, averaged: bool = False) -> Source:
    """The networks of a run at `step`, or at the newest saved step; averaged: use the averaged generator. Raises StoreError."""
    path = run_path(run_manager().root, run_id)
    folder = RunFolder.open(path)
    steps = kept_steps(folder)
    if not steps:
        raise StoreError("This run has no saved step yet.")
    step = steps[-1] if step is None else step
    modified = _modified(path, step)
    networks, reference = _load(path, step, modified, averaged)
    return Source(run_id, step, steps, networks, reference, folder.config.dataset, folder.config.ema_decay > 0, averaged, modified)


def _modified(path: Path, step: int) -> float:
    for file in (path / "steps" / f"{step:08d}" / "generator.safetensors", path / "light" / f"{step:08d}.safetensors"):
        if file.exists():
            return file.stat().st_mtime
    return 0.0


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(path: Path, step: int, modified: float, averaged: bool) -> tuple[SavedNetworks, NDArray[np.float32]]:
    networks = load_networks(RunFolder.open(path), step, averaged=averaged)
    z = np.random.default_rng(_REFERENCE_SEED).standard_normal((_REFERENCE_COUNT, networks.latent_dim), dtype=np.float32)
    return networks, np.sort(networks.scores(z))
