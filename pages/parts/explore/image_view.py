"""Finding the latent of an image that the user draws, uploads or picks from the data, and checking for copied training images."""

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
from pages.parts.explore.latent_source import Source
from pages.parts.explore.nearest_view import show_nearest
from pages.shared.people import refused, shuts
from pages.shared.problems import problem_text, show_problem
from pages.shared.run_data import run_data
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.picture_file import FORMATS, MAX_BYTES, PictureError, read_picture
from wgan_core.figures import images
from wgan_core.latent.inversion import CANDIDATES, Inversion, Memorisation, Progress, invert_many, memorisation
from wgan_core.latent.saved import SavedNetworks

STEPS_PER_REFRESH = 20
COMPARED_IMAGES = 200
"""How many training images are compared with as many held-out ones. With 50 the ratio cannot be distinguished from 1."""
MEMORISED_RATIO = 1.5
"""If held-out images have errors this many times larger than training images, the generator copies training images."""
WIDTH_PX = 192
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
    """The error of the random image that the search starts from."""
    stopped: bool = False


def your_image(source: Source) -> None:
    """Draw the section “Your image”."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        _choose(source)
        of, problem = st.session_state.get(_PROBLEM, ("", ""))
        if problem and of == source.name:
            show_problem(problem)
    search: Search | None = st.session_state.get(_SEARCH)
    if search is not None and search.source == source.name:
        with right:
            under_way = not (search.progress.done or search.stopped)
            st.fragment(_result, run_every=0.1 if under_way else None)(source)
            if not under_way:
                show_nearest(source, search.target, key="explore-image-nearest")
    with left:
        _memorisation_check(source)


def _choose(source: Source) -> None:
    size = source.networks.generator.sample_shape[1]
    st.markdown("**Find an image**", help="Searches, by optimisation, for the latent whose image comes nearest to the image that you give.")
    drawn = _pad(key="explore-sketch", data={"size": size}, on_picture_change=_do_nothing).picture
    if drawn is not None:
        _begin_drawing(source, str(drawn))
    st.toggle(
        "Black on white",
        key=_INVERTED,
        persist_state="session",
        on_change=_begin_file,
        args=(source,),
        help="Switch this on if the file shows black on white. It is then inverted to white on black.",
    )
    st.file_uploader(
        "Or upload a picture",
        type=[name.lower() for name in (*FORMATS, "JPG")],
        key=_FILE,
        on_change=_begin_file,
        args=(source,),
        max_upload_size=MAX_BYTES // 10**6,
        help="The picture is cropped to its central square and resized to the size of the run's images.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Or use image number", 0, 1_000_000, key="explore.image-row", width=160, persist_state="session")
        st.button("Find training image", on_click=_begin_row, args=(source, False), **shuts("search"))
        st.button("Find held-out image", on_click=_begin_row, args=(source, True), **shuts("search"))


def _do_nothing() -> None:
    """A callback is required, otherwise Streamlit does not report what was sent."""


def _begin_drawing(source: Source, sent: str) -> None:
    try:
        data = base64.b64decode(sent.removeprefix("data:image/png;base64,"), validate=True)
    except (binascii.Error, ValueError):
        return  # the page's own script never sends this
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
    """Start the search for the latent of `target`, uint8 [c, h, w]."""
    if refused("search"):
        return
    st.session_state.pop(_PROBLEM, None)
    inversion = Inversion(source.networks, _unit(target))
    start = inversion.advance(0)
    st.session_state[_SEARCH] = Search(source.name, target.transpose(1, 2, 0).copy(), inversion, start, start.error)


def _unit(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(127.5) - 1


def _result(source: Source) -> None:
    """Show the progress of the search. Each refresh takes some steps, so the search runs only while somebody watches."""
    search: Search = st.session_state[_SEARCH]
    if not (search.progress.done or search.stopped):
        search.progress = search.inversion.advance(STEPS_PER_REFRESH)
        if search.progress.done:
            st.rerun()
    now = search.progress
    st.markdown("**The image and the nearest one that was found**")
    live_image(
        images.png(images.tile(np.stack([search.target, source.pixels(now.z[None])[0]]), columns=2)),
        key="explore-inverted",
        alt=f"The image and its reconstruction after {now.step} steps",
        caption="Left: your image. Right: the generator's image.",
        width=2 * WIDTH_PX,
    )
    st.progress(now.step / now.of, text=f"Step {now.step} of {now.of}: error {now.error:.3f}")
    st.caption(
        f"The error is the root mean square of the pixel differences, with pixels in [-1, 1]. The search started at {search.first:.3f}, "
        f"from one of the nearest of {CANDIDATES:,} random images."
    )
    with st.container(horizontal=True):
        # This fragment is redrawn by itself, but both buttons change the whole page.
        if not (now.done or search.stopped) and st.button("Stop", icon=":material/stop:"):
            search.stopped = True
            st.rerun()
        if st.button("Explore from here", icon=":material/explore:", type="primary"):
            latent_state.start_from_own(now.z)
            st.toast("The top of the page now shows the latent that was found.", icon=":material/explore:")
            st.rerun()


# Does it copy the training images?


@dataclass
class Comparison:
    """The errors of training and held-out images, computed in a background thread."""

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
            self.problem = "The comparison was stopped."
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


def _memorisation_check(source: Source) -> None:
    st.markdown(
        "**Does it copy the training images?**",
        help="For each image, a search finds the nearest one that the generator can make. If it comes much nearer to training images than "
        "to held-out ones, which it has never seen, it has memorised training images instead of learning what they have in common (Webster "
        "et al., arXiv 1901.03396).",
    )
    found: Comparison | None = st.session_state.get(_COMPARISON)
    mine = found if found is not None and found.source == source.name else None
    words = "Takes less than a minute for networks of the size used in the walkthrough."
    st.button(
        f"Compare {COMPARED_IMAGES} training and {COMPARED_IMAGES} held-out images",
        icon=":material/balance:",
        on_click=_compare,
        args=(source,),
        **shuts("search", help=words, disabled=mine is not None and mine.under_way),
    )
    if mine is not None:
        st.fragment(_comparison, run_every=0.5 if mine.under_way else None)(mine.under_way)


def _compare(source: Source) -> None:
    if refused("search"):
        return
    found = Comparison(source.name)
    st.session_state[_COMPARISON] = found
    try:
        parts = [run_data(source.run_id, held_out=held_out).data[:COMPARED_IMAGES].numpy() for held_out in (False, True)]
    except DataError as error:
        found.problem = str(error)
        return
    threading.Thread(target=found.run, args=(source.networks, *parts), name="memorisation", daemon=True).start()


def _comparison(drawn_under_way: bool) -> None:
    found: Comparison = st.session_state[_COMPARISON]
    if found.under_way:
        st.progress(found.fraction, text="Searching for latents …")
        st.button("Stop the comparison", icon=":material/stop:", on_click=found.stop.set)
        return
    if drawn_under_way:
        st.rerun()
    if found.result is None:
        st.info(problem_text(found.problem), icon=":material/info:")
        return
    result = found.result
    low, high = result.interval
    if low > MEMORISED_RATIO:
        verdict = "It comes much nearer to training images, so it has memorised them."
    elif low > 1:
        verdict = "It comes a little nearer to training images, which is usual and does not mean that it copies them."
    else:
        verdict = "It does not come nearer to training images than chance allows."
    st.markdown(
        f"{verdict} The median error is {result.train:.3f} for training images and {result.heldout:.3f} for held-out ones. The ratio is "
        f"{result.ratio:.2f} (95 % of resamples: {low:.2f} to {high:.2f})."
    )
