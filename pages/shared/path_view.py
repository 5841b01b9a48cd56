"""Interpolation between latents: as a strip, as a film that plays in the browser, and as files; of points, as a line in the plane."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st

from pages.shared import latent_state
from pages.shared.film import film
from pages.shared.latent_source import Source
from pages.shared.live_image import live_image
from pages.shared.point_view import show_points
from wgan_core import images
from wgan_core.latent import Latents, path_through

MOST_KEYS = 6
STRIP = 12
FRAMES_BETWEEN = 24
FPS = 24
_SEEDS = "explore.path-seeds"


def as_npy(z: Latents) -> bytes:
    """An array as a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, z, allow_pickle=False)
    return buffer.getvalue()


def pins(run_id: str) -> list[Latents]:
    """The latents pinned for a run in this tab."""
    return st.session_state.setdefault("explore.pins", {}).setdefault(run_id, [])


def pin(run_id: str, z: Latents) -> None:
    """Keep a latent as a key of the interpolation; the oldest leaves when there are too many."""
    kept = pins(run_id)
    kept.append(z)
    del kept[:-MOST_KEYS]


def interpolation(source: Source) -> None:
    """The section on ways between latents."""
    st.subheader("Interpolate")
    if _SEEDS not in st.session_state:
        st.session_state[_SEEDS] = "1, 2, 3"
    kept = pins(source.run_id)
    left, right = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with left:
        st.text_input(
            "Between the seeds", key=_SEEDS, persist_state="session", disabled=len(kept) >= 2, help="Two to six seeds, separated by commas."
        )
    with right:
        way = st.segmented_control(
            "Path",
            ("spherical", "linear"),
            default="spherical",
            key="explore.way",
            required=True,
            persist_state="session",
            help="Spherical keeps the length of the latent, which the generator is used to. Linear cuts the corner: its middle is shorter.",
        )
    if kept:
        _show_pins(source, kept)
    keys = _keys(source, kept)
    if keys is None:
        return
    if source.networks.makes_points:
        _show_way(source, keys, way)
    else:
        _show_path(source, keys, way)


def _show_pins(source: Source, kept: list[Latents]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not source.networks.makes_points:
            live_image(
                images.png(images.tile(source.pixels(np.stack(kept)), columns=len(kept))),
                key="explore-pins",
                alt=f"{len(kept)} pinned latents",
                width=64 * len(kept),
            )
        words = "The way leads through the pins." if len(kept) >= 2 else "Pin one more to interpolate between pins."
        st.caption(f"{len(kept)} of at most {MOST_KEYS} pinned. {words}", width="content")
        st.button("Remove pins", on_click=kept.clear, icon=":material/keep_off:", type="tertiary")


def _keys(source: Source, kept: list[Latents]) -> list[Latents] | None:
    """The latents that the way leads through: the pins where there are two or more, else the seeds."""
    if len(kept) >= 2:
        return kept
    text = str(st.session_state[_SEEDS])
    seeds = [part.strip() for part in text.split(",") if part.strip()]
    good = all(seed.isdigit() and int(seed) <= latent_state.MAX_SEED for seed in seeds)
    if not good or not 2 <= len(seeds) <= MOST_KEYS:
        st.error(f"Write two to {MOST_KEYS} seeds, whole numbers separated by commas, such as 1, 2, 3.", icon=":material/error:")
        return None
    return [latent_state.seed_latent(int(seed), source.latent_dim) for seed in seeds]


def _show_way(source: Source, keys: list[Latents], way: str) -> None:
    """Where the way between latents leads in the plane, with the keys themselves on it."""
    latents = _latents(keys, way)
    show_points(
        source,
        key="explore-way",
        alt=f"Points that the {way} way between {len(keys)} latents leads through",
        path=source.networks.samples(latents),
        here=source.networks.samples(np.stack(keys)),
    )
    name = f"{source.name}-{way}"
    st.download_button("Latents .npy", lambda: as_npy(latents), f"{name}.npy", icon=":material/download:", on_click="ignore")


def _latents(keys: list[Latents], way: str) -> Latents:
    return path_through(keys, FRAMES_BETWEEN, "linear" if way == "linear" else "spherical")


def _show_path(source: Source, keys: list[Latents], way: str) -> None:
    latents = _latents(keys, way)
    frames = source.pixels(latents)
    chosen = np.linspace(0, len(frames) - 1, STRIP).round().astype(int)
    strip = images.tile(frames[chosen], columns=STRIP)
    live_image(images.png(strip), key="explore-strip", alt=f"{STRIP} images on the {way} way between {len(keys)} latents", width=4096)
    count, height, width, _ = frames.shape
    left, right = st.columns([2, 3], gap="large")
    with left:
        film(
            images.png(images.tile(frames, columns=FRAMES_BETWEEN, gap=0)),
            frame_count=count,
            columns=FRAMES_BETWEEN,
            frame_width=width,
            frame_height=height,
            key="explore-film",
            alt=f"Film of the {way} way between {len(keys)} latents",
            fps=FPS,
            width=256,
        )
    with right:
        st.caption(f"{count} images, drawn once and played in your browser.")
        name = f"{source.name}-{way}"
        factor = max(1, 256 // height)
        with st.container(horizontal=True):
            st.download_button(
                "GIF",
                lambda: images.gif(frames.repeat(factor, 1).repeat(factor, 2), FPS),
                f"{name}.gif",
                "image/gif",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "Strip as PNG",
                lambda: images.png(images.enlarge(strip, max(1, factor // 2))),
                f"{name}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button("Latents .npy", lambda: as_npy(latents), f"{name}.npy", icon=":material/download:", on_click="ignore")
