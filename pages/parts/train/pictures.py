"""The samples of a run while it trains, images or points, beside the real ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components.live_chart import live_chart
from pages.components.live_image import live_image
from pages.parts.train.live_points import live_points
from pages.shared.server import run_manager
from wgan_core.config import TrainConfig, critic_word
from wgan_core.data.catalog import DATASETS
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.runs.messages import Pictures, Snapshot
from wgan_core.store.folder import RunFolder, StoreError, run_path

FULL_WIDTH_PX = 4096  # wider than any column, so that a picture fills its column
_LAST = "newest"


class Places(NamedTuple):
    """Where the pictures go."""

    generated: DeltaGenerator
    averaged: DeltaGenerator
    """Used by runs with an averaged generator."""


def lay_out(snapshot: Snapshot, first: DeltaGenerator, second: DeltaGenerator) -> Places:
    """Make room for the generated pictures in `first`, and draw the real images, which never change, in `second`."""
    with first:
        generated = st.container(gap="xsmall")
    averaged = second.container(gap="xsmall")
    if snapshot.pictures is not None and not snapshot.pictures.are_points:
        with second:
            live_image(
                grid_png(snapshot.run_id, -1, snapshot.pictures.real),
                key="grid-real",
                alt=f"{len(snapshot.pictures.real)} real images",
                caption="Real images",
                width=FULL_WIDTH_PX,
            )
    return Places(generated, averaged)


def draw(snapshot: Snapshot, places: Places) -> None:
    """Draw the samples of the newest step."""
    shown = snapshot.pictures
    places.averaged.empty()  # a fragment may fill only what it has written to in the page's own run
    if shown is None:
        _saved_grids(snapshot, places)
        return
    with places.generated:
        if shown.are_points:
            live_points(snapshot.run_id, snapshot.config.dataset, shown)
        else:
            _generated(snapshot, shown)
    if shown.averaged is not None:
        with places.averaged:
            _averaged(snapshot, shown.averaged)


def score_histogram(snapshot: Snapshot) -> None:
    """How the critic scores the samples that are shown."""
    pictures = snapshot.pictures
    if pictures is None:
        st.empty()
        return
    kind, critic = "points" if pictures.are_points else "images", critic_word(snapshot.config)
    st.markdown(
        f"**{critic.capitalize()} scores of these {kind}**, at step {pictures.step:,}",
        help=f"How the {critic} scores the {kind} above. The less the real and the generated {kind} overlap, the better the {critic} tells "
        "them apart.",
    )
    figure = figures.score_histogram(pictures.real_scores.astype(float), pictures.sample_scores.astype(float), kind=kind)
    live_chart(figure, key="chart-histogram", alt=f"Histogram of the {critic}'s scores of real and generated {kind}", height=230)


def _kind(config: TrainConfig) -> str:
    """What the run generates: images or points."""
    return DATASETS[config.dataset].kind


def _generated(snapshot: Snapshot, pictures: Pictures) -> None:
    mode = ", BatchNorm in eval mode" if snapshot.config.generator_norm == "batch" else ""
    live_image(
        grid_png(snapshot.run_id, pictures.step, pictures.samples),
        key="grid-generated",
        alt=f"{len(pictures.samples)} generated images from fixed latents at step {pictures.step}",
        caption=f"Generated images at step {pictures.step:,}, from the same {len(pictures.samples)} latents at every step{mode}",
        width=FULL_WIDTH_PX,
    )


def _averaged(snapshot: Snapshot, samples: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    """What the averaged generator makes from the same latents."""
    assert snapshot.pictures is not None
    step, config = snapshot.pictures.step, snapshot.config
    kind = _kind(config).capitalize()
    caption = f"{kind} of the averaged generator at step {step:,} (weights averaged with decay {config.ema_decay:g})"
    if snapshot.pictures.are_points:
        live_points(
            snapshot.run_id, config.dataset, replace(snapshot.pictures, samples=samples), key="chart-points-averaged", caption=caption
        )
        return
    live_image(
        grid_png(snapshot.run_id, step, samples, averaged=True),
        key="grid-averaged",
        alt=f"{len(samples)} images of the averaged generator from the same latents at step {step}",
        caption=caption,
        width=FULL_WIDTH_PX,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def grid_png(run_id: str, step: int, _pixels: NDArray[Any], *, averaged: bool = False) -> bytes:
    """A grid of images as a PNG file, encoded once for all browser tabs."""
    return images.png(images.tile(_pixels))


def _saved_grids(snapshot: Snapshot, places: Places) -> None:
    """The saved sample pictures in the run folder, with a slider to step through them. It stays at the newest unless it is moved."""
    path = run_path(run_manager().root, snapshot.run_id)
    try:
        folder = RunFolder.open(path)
    except StoreError:
        folder = None  # the folder exists a moment before its files
    kept = folder.samples() if folder is not None else {}
    if folder is None or not kept:
        ended = "This run has saved no pictures." if snapshot.ended else "Pictures appear as soon as the networks are built."
        places.generated.caption(ended)
        return
    *earlier, newest = kept
    step = newest
    with places.generated:
        if earlier:
            chosen = st.select_slider(
                "Samples at step",
                [*earlier, _LAST],
                value=_LAST,
                key=f"kept-{snapshot.run_id}",
                format_func=lambda step: f"{newest:,}" if step == _LAST else f"{step:,}",
            )
            step = newest if chosen == _LAST or chosen not in kept else chosen
        _saved_grid(
            kept[step],
            "grid-generated",
            f"Generated {_kind(snapshot.config)} at step {step}",
            f"Generated {_kind(snapshot.config)} at step {step:,}",
        )
    averaged = folder.samples(averaged=True).get(step)
    if averaged is not None:
        with places.averaged:
            words = f"{_kind(snapshot.config).capitalize()} of the averaged generator at step {step:,}"
            _saved_grid(averaged, "grid-averaged", f"{_kind(snapshot.config).capitalize()} of the averaged generator at step {step}", words)


def _saved_grid(path: Path, key: str, alt: str, caption: str) -> None:
    live_image(path.read_bytes(), key=key, alt=alt, caption=caption, width=FULL_WIDTH_PX)
