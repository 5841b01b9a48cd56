"""A latent under the finger: pad and sliders. The generator runs in the browser, so that the picture follows while they are dragged."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset, pack
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from pages.parts.explore.point_view import cloud
from wgan_core.data import toy
from wgan_core.latent.browser import BrowserGenerator, TooLarge, browser_generator
from wgan_core.latent.place import DirectionLike, from_browser
from wgan_core.latent.vectors import Latents

LIBRARY = "app/static/tfjs"
"""Where TensorFlow.js lies, relative to the page."""
PAGE = 64
"""Images, or points, on a page of random ones: those of this seed and of the 63 after it."""
_COUNT = "explore.count"

_HERE = Path(__file__).parent
_weights = component(
    "wgan_generator_weights",
    html="<span hidden></span>",
    js=bundle(_HERE / "generator_weights.js"),
    isolate_styles=False,
)
_explorer = component(
    "wgan_latent_explorer",
    html=asset("latent_explorer.html", _HERE),
    css=asset("latent_explorer.css", _HERE),
    js=bundle(_HERE / "latent_explorer.js"),
)


def why_not_here(source: Source) -> str:
    """Why the generator cannot run in the browser, in words; "" where it can."""
    if not st.get_option("server.enableStaticServing"):
        return "The server serves no static files: set server.enableStaticServing = true in .streamlit/config.toml."
    try:
        program(source)
    except TooLarge as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Program:
    """What the browser runs."""

    generator: BrowserGenerator
    weights_id: str
    """A hash of its weights, by which what is drawn with them names them."""
    packed: bytes
    """The message that brings them."""


def program(source: Source) -> Program:
    """What the browser runs. Raises TooLarge."""
    return _program(source, source.key)


@st.cache_resource(max_entries=4, show_spinner=False)
def _program(_source: Source, key: tuple[object, ...]) -> Program:
    made = browser_generator(_source.networks)
    weights_id = hashlib.blake2b(made.weights, digest_size=8).hexdigest()
    spec: dict[str, Any] = {"id": weights_id, "layers": made.layers, "shape": made.shape, "half": made.half}
    if _source.networks.makes_points:
        generated, real = cloud(_source)
        spec["points"] = {
            "limit": toy.view_limit(_source.dataset),
            "generated": generated.round(4).tolist(),
            "real": None if real is None else real.round(4).tolist(),
        }
    return Program(made, weights_id, pack(spec, made.weights))


def send_generator(source: Source, *, key: str) -> None:
    """Give the browser the generator that `latent_explorer` draws with, where it can run there.

    Outside of the fragment in which the explorer is: a fragment sends all that is in it anew at every move, and this is megabytes.
    """
    if not why_not_here(source):
        _weights(key=key, data=program(source).packed)


def latent_explorer(source: Source, dimensions: Sequence[int], directions: Sequence[DirectionLike], *, key: str) -> None:
    """Show the current latent of `latent_state` and let it be moved; when the finger lets go, `latent_state` follows.

    Args:
        source: the generator; the browser has it from `send_generator`.
        dimensions: which latent dimensions get a slider, counted from 0.
        directions: which directions do.
        key: unique on the page.

    Raises:
        TooLarge: see `why_not_here`.
    """
    header, body = message(source, program(source).weights_id, dimensions, directions)
    _explorer(
        key=key,
        data=pack(header, body),
        on_state_change=lambda: _take(key, source.latent_dim),
        on_chosen_change=lambda: _choose(key),
        on_count_change=lambda: show_at_once(st.session_state[key].get("count")),
    )


def message(
    source: Source, weights_id: str, dimensions: Sequence[int], directions: Sequence[DirectionLike]
) -> tuple[dict[str, Any], bytes]:
    """What the browser gets: where the latent is, and as float32 the latents of this seed and those after it, and the directions."""
    seeds, latent_dim = latent_state.seeds_from_here(PAGE), source.latent_dim
    planes = [latent_state.plane(latent_dim), *map(latent_state.plane_name, seeds[1:])]
    made = "Point that the generator makes" if source.networks.makes_points else "Image that the generator makes"
    header = {
        "weights": weights_id,
        "library": LIBRARY,
        "latentDim": latent_dim,
        "planes": planes,
        "version": latent_state.version(),
        "state": asdict(latent_state.place()),
        "count": shown_at_once(),
        "dimensions": list(dimensions),
        "directions": [{"name": one.name, "sd": one.sd, "words": one.note, "unit": one.unit} for one in directions],
        "alt": f"{made} of {latent_state.origin_in_words(latent_dim)} at step {source.step}",
    }
    origins = _seed_latents(tuple(seeds), latent_dim).copy()
    origins[0] = latent_state.origin(latent_dim)
    return header, np.concatenate([origins.ravel(), *(one.vector for one in directions)]).astype("<f4").tobytes()


@functools.lru_cache(maxsize=16)
def _seed_latents(seeds: tuple[int, ...], latent_dim: int) -> Latents:
    return np.stack([latent_state.seed_latent(seed, latent_dim) for seed in seeds])


def _take(key: str, latent_dim: int) -> None:
    """Take over what the browser sent, unless something else has moved the latent since."""
    sent = st.session_state[key].get("state")
    try:
        if int(sent["version"]) != latent_state.version():
            return
        latent_state.go_to(from_browser(sent, latent_dim), from_browser=True)
    except (ValueError, TypeError, KeyError):
        return  # nothing that the page's own script sends


def _choose(key: str) -> None:
    """An image of the page of random ones was clicked on."""
    chosen = st.session_state[key].get("chosen")
    if isinstance(chosen, int) and 0 < chosen < PAGE:
        latent_state.choose_seed(latent_state.seeds_from_here(PAGE)[chosen])


def shown_at_once() -> int:
    """How many images or points the browser shows: 1, or `PAGE`, of this seed and those after it."""
    return st.session_state.get(_COUNT, 1)


def show_at_once(count: object) -> None:
    """Show so many images from now on; anything but 1 and `PAGE` is passed over."""
    if count in (1, PAGE):
        st.session_state[_COUNT] = count
