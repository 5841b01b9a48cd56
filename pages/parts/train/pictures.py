"""The samples of a run while it trains, images or points, beside the real ones."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components.live_chart import Chart, live_chart, prepared
from pages.components.live_image import live_image
from pages.components.moment_picture import Kept, moment_picture
from pages.components.moment_points import Behind, moment_points
from pages.parts.train.past_view import Then
from pages.shared.once import Once
from pages.shared.run_time import cursor_of, kept_pictures, store_of
from wgan_core.config import TrainConfig, critic_word
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import StoreError
from wgan_core.timeline.reading import Timeline

FULL_WIDTH_PX = 4096  # wider than any column, so that a picture fills its column
_HISTOGRAMS = Once[Chart](16)
"""Of the scores, in one state of a run."""
_GRIDS = Once[bytes](64)


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
                grid_png(snapshot.run_id, -1, snapshot.pictures.real, snapshot.pictures.classes),
                key="grid-real",
                alt=f"{len(snapshot.pictures.real)} real images",
                caption="Real images",
                width=FULL_WIDTH_PX,
            )
    return Places(generated, averaged)


def draw(snapshot: Snapshot, places: Places, past: Timeline | None, then: Then | None) -> None:
    """Draw the samples of the newest step, which the timeline changes to those of an earlier one."""
    places.averaged.empty()  # a fragment may fill only what it has written to in the page's own run
    for averaged, place in ((False, places.generated), (True, places.averaged)):
        with place:
            if _kind(snapshot.config) == "points":
                drawn = _draw_points(snapshot, past, then, averaged=averaged)
            else:
                drawn = _draw_images(snapshot, past, averaged=averaged)
            if not drawn and not averaged:
                ended = "This run has saved no pictures." if snapshot.ended else "Pictures appear as soon as the networks are built."
                st.caption(ended)


def _draw_points(snapshot: Snapshot, past: Timeline | None, then: Then | None, *, averaged: bool) -> bool:
    """Draw points along the time of the run. False if there are none."""
    shown = snapshot.pictures
    kept = kept_pictures(past, averaged=averaged) if past is not None else {}
    if shown is not None:
        samples = shown.averaged if averaged else shown.samples
        newest = None if samples is None else (shown.step, samples.astype(np.float32))
    else:
        newest = next(((step, np.frombuffer(body, "<f4").reshape(-1, 2)) for step, body in _latest(kept)), None)
    if newest is None:
        return past is not None and _draw_saved_scatter(past, averaged=averaged)
    real = shown.real.astype(np.float32) if shown is not None else past.data_points() if past is not None else np.empty((0, 2))
    landscape = then.landscape() if then is not None and not averaged else None
    alt, caption = _words(snapshot, len(newest[1]), averaged=averaged)
    moment_points(
        newest,
        real,
        kept,
        limit=toy.view_limit(snapshot.config.dataset),
        store=store_of(snapshot.run_id, averaged=averaged),
        cursor=cursor_of(snapshot.run_id),
        key="points-averaged" if averaged else "points-generated",
        alt=f"{alt}, and {len(real)} real ones",
        caption=f"{caption}, in front of real ones.",
        behind=Behind(then.at, landscape.step, landscape.scores) if then is not None and landscape is not None else None,
    )
    return True


def _draw_saved_scatter(past: Timeline, *, averaged: bool) -> bool:
    """Runs of earlier versions keep drawings of their points only: show the last one. False if there is none."""
    kept = past.folder.samples(averaged=averaged)
    if not kept:
        return False
    step = max(kept)
    words = f"Points {'of the averaged generator ' if averaged else ''}at step {step:,}"
    key = "grid-averaged" if averaged else "grid-generated"
    live_image(kept[step].read_bytes(), key=key, alt=words, caption=words, width=FULL_WIDTH_PX)
    return True


def _draw_images(snapshot: Snapshot, past: Timeline | None, *, averaged: bool) -> bool:
    """Draw images along the time of the run. False if there are none."""
    kept = kept_pictures(past, averaged=averaged) if past is not None else {}
    newest = _newest(snapshot, kept, averaged=averaged)
    if newest is None:
        return False
    shown = snapshot.pictures
    count, classes = (0, ()) if shown is None else (len(shown.samples), shown.classes)
    alt, caption = _words(snapshot, count, averaged=averaged, classes=classes)
    moment_picture(
        newest,
        kept,
        store=store_of(snapshot.run_id, averaged=averaged),
        cursor=cursor_of(snapshot.run_id),
        key="grid-averaged" if averaged else "grid-generated",
        alt=alt,
        caption=caption,
    )
    return True


def _newest(snapshot: Snapshot, kept: Kept, *, averaged: bool = False) -> tuple[int, bytes] | None:
    """The newest picture: that of a run that trains here, else the last one that is kept."""
    shown = snapshot.pictures
    if shown is None:
        return next(_latest(kept), None)
    samples = shown.averaged if averaged else shown.samples
    return None if samples is None else (shown.step, grid_png(snapshot.run_id, shown.step, samples, shown.classes, averaged=averaged))


def _latest(kept: Kept) -> Iterator[tuple[int, bytes]]:
    """The kept moments that can still be read, the last one first."""
    for step in reversed(list(kept)):
        with contextlib.suppress(OSError, StoreError):  # it has just been thinned out
            yield step, kept[step][1]()


def _words(snapshot: Snapshot, count: int, *, averaged: bool, classes: tuple[str, ...] = ()) -> tuple[str, str]:
    """What is said of the samples for people who do not see them, and below them; both with {step} in the place of the step."""
    config = snapshot.config
    kind, many = _kind(config), f"{count} " if count else ""
    if averaged:
        return (
            f"{many}{kind} of the averaged generator from the same latents at step {{step}}",
            f"{kind.capitalize()} of the averaged generator at step {{step}} (weights averaged with decay {config.ema_decay:g})",
        )
    mode = ", BatchNorm in eval mode" if config.generator_norm == "batch" else ""
    if config.labels == "conditional" and kind == "images":
        rows = f": {', '.join(classes)}" if classes else ""
        return (
            f"Generated images at step {{step}}, one row for each class{rows}",
            f"Generated images at step {{step}}: one row for each class, the same latent in each column, at every step{mode}",
        )
    return (
        f"{many}generated {kind} from fixed latents at step {{step}}".capitalize(),
        f"Generated {kind} at step {{step}}, from the same {many}latents at every step{mode}",
    )


def score_histogram(snapshot: Snapshot, then: Then | None) -> None:
    """How the critic scores the samples that are shown: now, or at the step under the cursor."""
    kind, critic = _kind(snapshot.config), critic_word(snapshot.config)
    found = _scores(snapshot, then)
    if found is None:
        st.empty()
        return
    real, samples, which = found
    st.markdown(
        f"**{critic.capitalize()} scores of these {kind}**, at {which}",
        help=f"How the {critic} scores the {kind} above. The less the real and the generated {kind} overlap, the better the {critic} tells "
        "them apart.",
    )
    state = snapshot.run_id, snapshot.seq, snapshot.step, which, kind, _checksum(samples)
    chart = _HISTOGRAMS.get(state, lambda: prepared(figures.score_histogram(real.astype(float), samples.astype(float), kind=kind)))
    alt = f"Histogram of the {critic}'s scores of real and generated {kind} at {which}"
    live_chart(chart, key="chart-histogram", alt=alt, height=230)


def _scores(snapshot: Snapshot, then: Then | None) -> tuple[NDArray[np.float32], NDArray[np.float32], str] | None:
    """The scores of real and of generated samples, and the step in words; None if there are none."""
    if then is not None:
        found = then.scores()
        return None if found is None else (found.real, found.samples, then.which)
    shown = snapshot.pictures
    return None if shown is None else (shown.real_scores, shown.sample_scores, f"step {shown.step:,}")


def _kind(config: TrainConfig) -> str:
    """What the run generates: images or points."""
    return DATASETS[config.dataset].kind


def grid_png(run_id: str, step: int, pixels: NDArray[Any], classes: tuple[str, ...] = (), *, averaged: bool = False) -> bytes:
    """A grid of images as a PNG file, one row for each class if there are any, encoded once for all browser tabs."""
    key = run_id, step, averaged, _checksum(pixels)
    return _GRIDS.get(key, lambda: images.png(images.sample_grid(pixels, classes)))


def _checksum(values: NDArray[Any]) -> int:
    """Tells apart what a run that was resumed from an earlier step has at a step that it had reached before."""
    return zlib.crc32(np.ascontiguousarray(values).data)
