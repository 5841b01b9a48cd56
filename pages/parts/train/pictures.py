"""The samples of a run while it trains, images or points, beside the real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components.live_chart import live_chart
from pages.components.live_image import live_image
from pages.components.moment_picture import Kept, moment_picture
from pages.parts.train.live_points import live_points
from pages.parts.train.time_view import store_of
from pages.shared.run_time import cursor_of, kept_pictures, opened
from pages.shared.server import run_manager
from wgan_core.config import TrainConfig, critic_word
from wgan_core.data.catalog import DATASETS
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.runs.messages import Pictures, Snapshot
from wgan_core.store.folder import run_path

FULL_WIDTH_PX = 4096  # wider than any column, so that a picture fills its column


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
    """Draw the samples of the newest step, which the timeline changes to those of an earlier one."""
    places.averaged.empty()  # a fragment may fill only what it has written to in the page's own run
    shown, folder = snapshot.pictures, opened(run_path(run_manager().root, snapshot.run_id))
    if shown is not None and shown.are_points:
        _points(snapshot, shown, places)
        return
    kept = kept_pictures(folder)
    newest = _newest(snapshot, kept)
    if newest is None:
        ended = "This run has saved no pictures." if snapshot.ended else "Pictures appear as soon as the networks are built."
        places.generated.caption(ended)
        return
    with places.generated:
        _along_time(snapshot, newest, kept)
    kept = kept_pictures(folder, averaged=True)
    newest = _newest(snapshot, kept, averaged=True)
    if newest is not None:
        with places.averaged:
            _along_time(snapshot, newest, kept, averaged=True)


def _points(snapshot: Snapshot, shown: Pictures, places: Places) -> None:
    with places.generated:
        live_points(snapshot.run_id, snapshot.config.dataset, shown)
    if shown.averaged is not None:
        with places.averaged:
            caption = f"Points {_of_the_averaged(snapshot.config)}".format(step=f"{shown.step:,}")
            pictures = replace(shown, samples=shown.averaged)
            live_points(snapshot.run_id, snapshot.config.dataset, pictures, key="chart-points-averaged", caption=caption)


def _newest(snapshot: Snapshot, kept: Kept, *, averaged: bool = False) -> tuple[int, bytes] | None:
    """The newest picture: that of a run that trains here, else the last one that is kept."""
    shown = snapshot.pictures
    if shown is not None:
        samples = shown.averaged if averaged else shown.samples
        return None if samples is None else (shown.step, grid_png(snapshot.run_id, shown.step, samples, averaged=averaged))
    for step in reversed(list(kept)):
        try:
            return step, kept[step][1]()
        except OSError:  # it has just been thinned out
            continue
    return None


def _along_time(snapshot: Snapshot, newest: tuple[int, bytes], kept: Kept, *, averaged: bool = False) -> None:
    config, shown = snapshot.config, snapshot.pictures
    kind, count = _kind(config), f"{len(shown.samples)} " if shown is not None else ""
    if averaged:
        alt, caption = f"{count}{kind} of the averaged generator from the same latents", f"{kind.capitalize()} {_of_the_averaged(config)}"
    else:
        mode = ", BatchNorm in eval mode" if config.generator_norm == "batch" else ""
        alt = f"{count}generated {kind} from fixed latents".capitalize()
        caption = f"Generated {kind} at step {{step}}, from the same {count}latents at every step{mode}"
    moment_picture(
        newest,
        kept,
        store=store_of(snapshot.run_id, averaged=averaged),
        cursor=cursor_of(snapshot.run_id),
        key="grid-averaged" if averaged else "grid-generated",
        alt=f"{alt} at step {{step}}",
        caption=caption,
    )


def _of_the_averaged(config: TrainConfig) -> str:
    return f"of the averaged generator at step {{step}} (weights averaged with decay {config.ema_decay:g})"


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


@st.cache_data(max_entries=64, show_spinner=False)
def grid_png(run_id: str, step: int, _pixels: NDArray[Any], *, averaged: bool = False) -> bytes:
    """A grid of images as a PNG file, encoded once for all browser tabs."""
    return images.png(images.tile(_pixels))
