"""The user's own image: drawn, uploaded, or one of the data; its latent, found while one looks on; whether images are known by heart."""

from __future__ import annotations

import base64
import binascii
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.live_image import live_image
from pages.components.payload import asset
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source, run_data
from pages.parts.explore.nearest_view import show_nearest
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.picture_file import FORMATS, MAX_BYTES, PictureError, read_picture
from wgan_core.figures import images
from wgan_core.latent.inversion import CANDIDATES, Inversion, Memorisation, Progress, invert_many, memorisation
from wgan_core.latent.saved import SavedNetworks

STEPS_AT_A_LOOK = 20
COMPARED = 200
"""Images on either side where known-by-heart is asked: with 50 the ratio cannot be told from 1."""
BY_HEART = 1.5
"""Ratio of the errors of held-out and training images above which the generator knows the latter by heart."""
WIDTH = 192
_INVERTED = "explore.image-inverted"
_SEARCH, _PROBLEM, _FILE, _COMPARISON = "explore.search", "explore.image-problem", "explore.image-file", "explore.comparison"

_HERE = Path(__file__).parent
_pad = component("wgan_sketch_pad", html=asset("sketch_pad.html", _HERE), css=asset("pad.css"), js=bundle(_HERE / "sketch_pad.js"))


@dataclass
class Search:
    """The search for the latent of one image, in this tab."""

    source: str
    target: images.Pixels
    """[h, w, c]"""
    inversion: Inversion
    progress: Progress
    first: float
    """Error of the random image that it begins at."""
    stopped: bool = False


def your_image(source: Source) -> None:
    """The section."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        _choose(source)
        of, problem = st.session_state.get(_PROBLEM, ("", ""))
        if problem and of == source.name:
            st.error(problem, icon=":material/error:")
    search: Search | None = st.session_state.get(_SEARCH)
    if search is not None and search.source == source.name:
        with right:
            under_way = not (search.progress.done or search.stopped)
            st.fragment(_result, run_every=0.1 if under_way else None)(source)
            if not under_way:
                show_nearest(source, search.target, key="explore-image-nearest")
    with left:
        _known_by_heart(source)


def _choose(source: Source) -> None:
    size = source.networks.generator.sample_shape[1]
    st.markdown("**An image to find**", help="The latent whose image comes nearest to it is looked for by optimisation.")
    drawn = _pad(key="explore-sketch", data={"size": size}, on_picture_change=_nothing).picture
    if drawn is not None:
        _begin_drawing(source, str(drawn))
    st.toggle(
        "Black on white",
        key=_INVERTED,
        persist_state="session",
        on_change=_begin_file,
        args=(source,),
        help="Of the file: turn it into white on black.",
    )
    st.file_uploader(
        "Or a picture",
        type=[name.lower() for name in (*FORMATS, "JPG")],
        key=_FILE,
        on_change=_begin_file,
        args=(source,),
        max_upload_size=MAX_BYTES // 10**6,
        help="Its central square is taken and made as small as the run's images.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Or one of the data", 0, 1_000_000, key="explore.image-row", width=160, persist_state="session")
        st.button("A training image", on_click=_begin_row, args=(source, False))
        st.button("A held-out one", on_click=_begin_row, args=(source, True))


def _nothing() -> None:
    """Asked for by Streamlit, or it would not tell what was sent."""


def _begin_drawing(source: Source, sent: str) -> None:
    try:
        data = base64.b64decode(sent.removeprefix("data:image/png;base64,"), validate=True)
    except (binascii.Error, ValueError):
        return  # nothing that the page's own script sends
    _begin_bytes(source, data, False)


def _begin_file(source: Source) -> None:
    upload = st.session_state.get(_FILE)
    if upload is not None:
        _begin_bytes(source, upload.getvalue(), bool(st.session_state[_INVERTED]))


def _begin_bytes(source: Source, data: bytes, inverted: bool) -> None:
    channels, size, _ = source.networks.generator.sample_shape
    try:
        _begin(source, read_picture(data, channels, size, invert=inverted))
    except PictureError as error:
        _refuse(source, error)


def _begin_row(source: Source, held_out: bool) -> None:
    try:
        data = run_data(source.run_id, held_out=held_out)
    except DataError as error:
        _refuse(source, error)
        return
    assert isinstance(data, ImageDataset)
    row = int(st.session_state["explore.image-row"] or 0) % len(data)
    _begin(source, data.images[row].numpy())


def _refuse(source: Source, error: Exception) -> None:
    st.session_state[_PROBLEM] = (source.name, str(error))


def _begin(source: Source, target: NDArray[np.uint8]) -> None:
    """Look for the latent of `target`, uint8 [c, h, w]."""
    st.session_state.pop(_PROBLEM, None)
    inversion = Inversion(source.networks, _unit(target))
    start = inversion.advance(0)
    st.session_state[_SEARCH] = Search(source.name, target.transpose(1, 2, 0).copy(), inversion, start, start.error)


def _unit(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(127.5) - 1


def _result(source: Source) -> None:
    """How far the search is; each look takes some steps, so that it goes on as long as somebody looks."""
    search: Search = st.session_state[_SEARCH]
    if not (search.progress.done or search.stopped):
        search.progress = search.inversion.advance(STEPS_AT_A_LOOK)
        if search.progress.done:
            st.rerun()
    now = search.progress
    st.markdown("**The image, and the nearest that this generator can make**")
    live_image(
        images.png(images.tile(np.stack([search.target, source.pixels(now.z[None])[0]]), columns=2)),
        key="explore-inverted",
        alt=f"The image and its reconstruction after {now.step} steps",
        caption="Left yours, right the generator's.",
        width=2 * WIDTH,
    )
    st.progress(now.step / now.of, text=f"Step {now.step} of {now.of}: error {now.error:.3f}")
    st.caption(
        f"Error: root of the mean squared difference of the pixels, which are in [-1, 1]. The search began at {search.first:.3f}, "
        f"with one of the nearest of {CANDIDATES:,} random images."
    )
    with st.container(horizontal=True):
        # Each tells the whole page, of which this is a part that is drawn by itself.
        if not (now.done or search.stopped) and st.button("Stop", icon=":material/stop:"):
            search.stopped = True
            st.rerun()
        if st.button("Explore from here", icon=":material/explore:", type="primary"):
            latent_state.adopt(now.z)
            st.toast("The latent that was found is the one at the top of the page now.", icon=":material/explore:")
            st.rerun()


# Known by heart?


@dataclass
class Comparison:
    """Errors of training and held-out images, computed on a thread of its own."""

    source: str
    fraction: float = 0.0
    result: Memorisation | None = None
    problem: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def under_way(self) -> bool:
        return self.result is None and not self.problem

    def run(self, networks: SavedNetworks, training: NDArray[np.uint8], held_out: NDArray[np.uint8]) -> None:
        try:
            errors = [
                invert_many(networks, _unit(part), progress=self._part(number)).errors for number, part in enumerate((training, held_out))
            ]
            self.result = memorisation(*errors)
        except _Stopped:
            self.problem = "Stopped before its end."
        except ValueError as error:
            self.problem = str(error)

    def _part(self, number: int):
        def progress(fraction: float) -> None:
            self.fraction = (number + fraction) / 2
            if self.stop.is_set():
                raise _Stopped

        return progress


class _Stopped(Exception):
    pass


def _known_by_heart(source: Source) -> None:
    st.markdown(
        "**Known by heart?**",
        help="If training images can be met much better than held-out ones, the generator has learned them by heart instead of what they "
        "have in common (Webster et al., arXiv 1901.03396).",
    )
    found: Comparison | None = st.session_state.get(_COMPARISON)
    mine = found if found is not None and found.source == source.name else None
    st.button(
        f"Compare {COMPARED} training with {COMPARED} held-out images",
        icon=":material/balance:",
        on_click=_compare,
        args=(source,),
        disabled=mine is not None and mine.under_way,
        help="Under a minute for the walkthrough's networks.",
    )
    if mine is not None:
        st.fragment(_comparison, run_every=0.5 if mine.under_way else None)(mine.under_way)


def _compare(source: Source) -> None:
    found = Comparison(source.name)
    st.session_state[_COMPARISON] = found
    try:
        parts = [run_data(source.run_id, held_out=held_out).data[:COMPARED].numpy() for held_out in (False, True)]
    except DataError as error:
        found.problem = str(error)
        return
    threading.Thread(target=found.run, args=(source.networks, *parts), name="known-by-heart", daemon=True).start()


def _comparison(drawn_under_way: bool) -> None:
    found: Comparison = st.session_state[_COMPARISON]
    if found.under_way:
        st.progress(found.fraction, text="Finding latents …")
        st.button("Stop the comparison", icon=":material/stop:", on_click=found.stop.set)
        return
    if drawn_under_way:
        st.rerun()
    if found.result is None:
        st.info(found.problem, icon=":material/info:")
        return
    result = found.result
    low, high = result.interval
    if low > BY_HEART:
        verdict = "training images are met much better, so it knows them by heart"
    elif low > 1:
        verdict = "training images are met a little better, as is usual, and not as if it knew them by heart"
    else:
        verdict = "training images are not met better than chance allows"
    st.markdown(
        f"Median error {result.train:.3f} of training images, {result.heldout:.3f} of held-out ones, ratio {result.ratio:.2f} "
        f"(95 % of resamples: {low:.2f} to {high:.2f}): {verdict}."
    )
