"""The generator and critic that the page explores: those of one saved step of one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.shared.server import run_manager
from wgan_core.data.classes import Classes
from wgan_core.latent.saved import SavedNetworks, load_networks
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import DamagedRun, RunFolder, RunSummary, StoreError, look_through, run_path

_REFERENCE_SEED, _REFERENCE_COUNT = 12345, 256
MIX_HELP = "0 is the first class, 1 the second. In between, the generator is told some of both, which it never was in training."


@dataclass(frozen=True)
class Told:
    """What the networks are told: a class, or a mixture of two."""

    classes: Classes
    first: int
    second: int
    """Of the classes; the same as `first` for one class alone."""
    mix: float
    """How far it is from the first to the second, from 0 to 1."""

    def weights(self, mix: float) -> NDArray[np.float32]:
        """What the networks are told at `mix`, [classes]."""
        row = np.zeros(len(self.classes), np.float32)
        row[self.first] += 1 - mix
        row[self.second] += mix
        return row

    @property
    def label(self) -> str:
        """The way between both classes, in words."""
        return f"{self.classes.names[self.first]} → {self.classes.names[self.second]}"

    @property
    def name(self) -> str:
        """For the names of files, which hold no names of classes: these may be anything."""
        both = f"-to{self.second}-{self.mix:g}" if self.second != self.first and self.mix else ""
        return f"-class{self.first}{both}"


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
    whole: SavedNetworks
    """The networks as they were saved. Those that are told classes are in `networks` as if they made the chosen class alone."""
    told: Told | None = None
    """The chosen class or mixture; None if the networks are told none."""

    @property
    def key(self) -> tuple[object, ...]:
        """The key of these networks in caches."""
        told = () if self.told is None else (self.told.first, self.told.second, self.told.mix)
        return *self.key_of_step, *told

    @property
    def key_of_step(self) -> tuple[str, int, float, bool]:
        """The key of the networks as they were saved."""
        return self.run_id, self.step, self.modified, self.averaged

    @property
    def name(self) -> str:
        """How the names of files made from these networks begin."""
        return f"{self.run_id}-step{self.step}{'-averaged' if self.averaged else ''}{'' if self.told is None else self.told.name}"

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
    networks = _load(path, step, modified, averaged)
    reference = _reference(networks, path, step, modified, averaged, None) if networks.classes is None else np.empty(0, np.float32)
    average = folder.config.ema_decay > 0
    return Source(run_id, step, steps, networks, reference, folder.config.dataset, average, averaged, modified, networks)


def of_class(source: Source, first: int, second: int, mix: float) -> Source:
    """The source as it makes one class, or a mixture of two. Only for networks that are told classes."""
    assert source.whole.classes is not None
    told = Told(source.whole.classes, first, second, 0.0 if first == second else mix)
    networks = source.whole.of_class(told.weights(told.mix))
    path = run_path(run_manager().root, source.run_id)
    reference = _reference(networks, path, source.step, source.modified, source.averaged, (first, second, told.mix))
    return replace(source, networks=networks, reference_scores=reference, told=told)


def _modified(path: Path, step: int) -> float:
    for file in (path / "steps" / f"{step:08d}" / "generator.safetensors", path / "light" / f"{step:08d}.safetensors"):
        if file.exists():
            return file.stat().st_mtime
    return 0.0


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(path: Path, step: int, modified: float, averaged: bool) -> SavedNetworks:
    return load_networks(RunFolder.open(path), step, averaged=averaged)


@st.cache_data(max_entries=32, show_spinner=False)
def _reference(
    _networks: SavedNetworks, path: Path, step: int, modified: float, averaged: bool, told: tuple[int, int, float] | None
) -> NDArray[np.float32]:
    """The critic's scores of random samples, in ascending order."""
    z = np.random.default_rng(_REFERENCE_SEED).standard_normal((_REFERENCE_COUNT, _networks.latent_dim), dtype=np.float32)
    return np.sort(_networks.scores(z))
