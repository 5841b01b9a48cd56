"""The latent explorer: a pad and sliders. The generator runs in the browser, so the picture changes while they are dragged."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset, pack
from pages.components.sent import sent_by
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import MIX_HELP, Source
from pages.parts.explore.point_view import cloud
from wgan_core.data import toy
from wgan_core.latent.browser import BrowserGenerator, TooLarge, browser_generator
from wgan_core.latent.place import DirectionLike, from_browser
from wgan_core.latent.vectors import Latents
from wgan_core.training.classes import weight_of_class

LIBRARY = "app/static/tfjs"
"""The URL of TensorFlow.js, relative to the page."""
PAGE = 64
"""How many images or points are shown together: those of the current seed and of the 63 seeds after it."""
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


def reason_not_in_browser(source: Source) -> str:
    """Why the generator cannot run in the browser, or "" if it can."""
    if not st.get_option("server.enableStaticServing"):
        return "The server does not serve static files. Set server.enableStaticServing = true in .streamlit/config.toml."
    try:
        program(source)
    except TooLarge as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Program:
    """The generator in the form in which the browser runs it."""

    generator: BrowserGenerator
    weights_id: str
    """A hash of the weights. The explorer uses it to say which weights it needs."""
    packed: bytes
    """The message with the weights."""


def program(source: Source) -> Program:
    """The generator in the form in which the browser runs it. Raises TooLarge."""
    return _program(source, source.key_of_step)


@st.cache_resource(max_entries=4, show_spinner=False)
def _program(_source: Source, key: tuple[object, ...]) -> Program:
    made = browser_generator(_source.whole)
    weights_id = hashlib.blake2b(made.weights, digest_size=8).hexdigest()
    spec: dict[str, Any] = {"id": weights_id, "layers": made.layers, "shape": made.shape, "half": made.half}
    if _source.networks.makes_points:
        generated, real = cloud(replace(_source, networks=_source.whole))
        spec["points"] = {
            "limit": toy.view_limit(_source.dataset),
            "generated": generated.round(4).tolist(),
            "real": None if real is None else real.round(4).tolist(),
        }
    return Program(made, weights_id, pack(spec, made.weights))


def send_generator(source: Source, *, key: str) -> None:
    """Send the browser the generator that `latent_explorer` draws with, if the browser can run it.

    Call this outside the explorer's fragment. A fragment sends everything in it again at every move, and the weights are megabytes.
    """
    if not reason_not_in_browser(source):
        _weights(key=key, data=program(source).packed)


def latent_explorer(source: Source, dimensions: Sequence[int], directions: Sequence[DirectionLike], *, key: str) -> None:
    """Show the current latent of `latent_state` and let the user move it. `latent_state` is updated at the end of each move.

    Args:
        source: the generator, which the browser got from `send_generator`.
        dimensions: which latent dimensions get a slider, counted from 0.
        directions: which directions get a slider.
        key: unique on the page.

    Raises:
        TooLarge: see `reason_not_in_browser`.
    """
    header, body = message(source, program(source).weights_id, dimensions, directions)
    _explorer(
        key=key,
        data=pack(header, body),
        on_state_change=lambda: _take(key, source.latent_dim),
        on_chosen_change=lambda: _choose(key),
        on_count_change=lambda: set_image_count(sent_by(key, "count")),
    )


def message(
    source: Source, weights_id: str, dimensions: Sequence[int], directions: Sequence[DirectionLike]
) -> tuple[dict[str, Any], bytes]:
    """The message to the browser: the current place, and as float32 the latents of this and the following seeds, and the directions."""
    seeds, latent_dim = latent_state.seeds_from_current(PAGE), source.latent_dim
    planes = [latent_state.plane(latent_dim), *map(latent_state.plane_name, seeds[1:])]
    made = "Point" if source.networks.makes_points else "Image"
    header = {
        "weights": weights_id,
        "library": LIBRARY,
        "latentDim": latent_dim,
        "planes": planes,
        "version": latent_state.version(),
        "state": asdict(latent_state.place()),
        "count": image_count(),
        "dimensions": list(dimensions),
        "classes": _classes(source),
        "directions": [{"name": one.name, "sd": one.sd, "words": one.note, "unit": one.unit} for one in directions],
        "alt": f"{made} generated from {latent_state.origin_in_words(latent_dim)} at step {source.step}",
    }
    origins = _seed_latents(tuple(seeds), latent_dim).copy()
    origins[0] = latent_state.origin(latent_dim)
    return header, np.concatenate([origins.ravel(), *(one.vector for one in directions)]).astype("<f4").tobytes()


def _classes(source: Source) -> dict[str, Any] | None:
    """What the browser has to know of the classes; None if the generator is told none."""
    told = source.told
    if told is None:
        return None
    count, weight = len(told.classes), weight_of_class(source.latent_dim)
    return {"count": count, "from": told.first, "to": told.second, "weight": weight, "label": told.label, "words": MIX_HELP}


@functools.lru_cache(maxsize=16)
def _seed_latents(seeds: tuple[int, ...], latent_dim: int) -> Latents:
    return np.stack([latent_state.seed_latent(seed, latent_dim) for seed in seeds])


def _take(key: str, latent_dim: int) -> None:
    """Apply the move that the browser sent, unless the latent has been moved in another way since."""
    sent = sent_by(key, "state")
    try:
        if int(sent["version"]) != latent_state.version():
            return
        latent_state.go_to(from_browser(sent, latent_dim), from_browser=True)
    except (ValueError, TypeError, KeyError):
        return  # the page's own script never sends this


def _choose(key: str) -> None:
    """Go to the seed whose image was clicked in the view with many images."""
    chosen = sent_by(key, "chosen")
    if isinstance(chosen, int) and 0 < chosen < PAGE:
        latent_state.choose_seed(latent_state.seeds_from_current(PAGE)[chosen])


def image_count() -> int:
    """How many images or points the browser shows: 1, or `PAGE` for the current seed and those after it."""
    return st.session_state.get(_COUNT, 1)


def set_image_count(count: object) -> None:
    """Set how many images are shown. Values other than 1 and `PAGE` are ignored."""
    if count in (1, PAGE):
        st.session_state[_COUNT] = count
