"""Paths between latents: as a strip of images, as a film that plays in the browser and as files; for points, as a line in the plane."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.components.film import film
from pages.components.live_chart import live_chart
from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from pages.parts.explore.pins import DEFAULT_KEYS, MAX_KEYS, THROUGH, pins, pins_to_params, reset_path_of_other_run, show_pins
from pages.parts.explore.point_view import show_points
from wgan_core.config.whole import whole_number
from wgan_core.figures import images
from wgan_core.figures.training import path_figure
from wgan_core.latent.path_report import PathReport, path_report
from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents, Path, path_through

STRIP_IMAGES = 12
FRAMES_PER_SEGMENT = (12, 24, 48, 96)
"""The lengths to choose from: how many images lead from one latent to the next. At most 32 × 96 for a whole film."""
SIZES_PX = (128, 256, 384, 512)
"""The sizes to choose from, on the page and in files."""
FRAMES_PER_SECOND = 30
PATHS: tuple[Path, ...] = ("spherical", "linear", "norm-kept")
_PATH, _LOOP, _FRAMES, _SIZE = "explore.way", "explore.loop", "explore.film-frames", "explore.film-size"


def path_from_params(params: Mapping[str, str]) -> None:
    """On the first visit, take the path from the link."""
    st.session_state[THROUGH] = params.get("through") or DEFAULT_KEYS
    st.session_state[_PATH] = next((kind for kind in PATHS if kind == params.get("way")), PATHS[0])
    st.session_state[_LOOP] = params.get("loop") == "1"


def path_to_params(source: Source) -> dict[str, str]:
    """The path and its pins as parameters of a link."""
    params = pins_to_params(source)
    if (kind := st.session_state[_PATH]) != PATHS[0]:
        params["way"] = kind
    if st.session_state[_LOOP]:
        params["loop"] = "1"
    return params


def as_npy(z: Latents) -> bytes:
    """An array as a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, z, allow_pickle=False)
    return buffer.getvalue()


def as_npz(z: Latents, frames: images.Pixels) -> bytes:
    """Latents [n, latent_dim] and images uint8 [n, h, w, c] as a .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, latents=z, frames=frames)
    return buffer.getvalue()


def interpolation(source: Source) -> None:
    """Draw the section “Interpolate”."""
    kept = pins(source)
    reset_path_of_other_run(source)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Through",
            key=THROUGH,
            persist_state="session",
            width=360,
            help=f"The latents that the path leads through, in this order: 2 to {MAX_KEYS} seeds (whole numbers) or pins (p1, p2, …), "
            "separated by commas.",
        )
        chosen = st.segmented_control(
            "Path",
            PATHS,
            key=_PATH,
            required=True,
            persist_state="session",
            help="How the path runs between two latents. Spherical: it turns at a constant rate and keeps the usual length of a latent, "
            "which the generator knows from training. Linear: a straight line, whose middle is too short. Norm-kept: the straight line, "
            "rescaled to the usual length.",
        )
        loop = st.toggle("Loop", key=_LOOP, persist_state="session", help="At the end, return to the first latent without a jump.")
    if kept:
        show_pins(source, kept)
    keys = _keys(source, kept)
    if keys is None:
        return
    kind: Path = next(one for one in PATHS if one == chosen)
    latents = path_through(keys, _frames(), kind, loop=loop)
    if source.networks.makes_points:
        _show_path_of_points(source, keys, latents, kind)
    else:
        _show_path_of_images(source, keys, latents, kind, loop)


def _frames() -> int:
    """How many images lead from one latent to the next."""
    return st.session_state.setdefault(_FRAMES, 24)


def _choose_film() -> None:
    """Draw the film's length and size."""
    st.session_state.setdefault(_SIZE, 256)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            "Length of each part",
            FRAMES_PER_SEGMENT,
            key=_FRAMES,
            persist_state="session",
            width=200,
            format_func=lambda frames: f"{frames / FRAMES_PER_SECOND:.1f} s",
            help="How long the film takes from one latent to the next. A longer film moves more slowly, in more images.",
        )
        st.select_slider(
            "Size",
            SIZES_PX,
            key=_SIZE,
            persist_state="session",
            width=200,
            format_func=lambda size: f"{size} px",
            help="The width of the film, on this page and in the files that you download.",
        )


def _keys(source: Source, kept: list[Latents]) -> list[Latents] | None:
    """The latents that the path leads through, or None, with an explanation on the page."""
    keys = keys_from(str(st.session_state[THROUGH]), source)
    if keys is None or not 2 <= len(keys) <= MAX_KEYS:
        pinned = f" or pins (p1 to p{len(kept)})" if kept else ""
        st.error(f"Enter 2 to {MAX_KEYS} seeds (whole numbers){pinned}, separated by commas, such as 1, 2, 3.", icon=":material/error:")
        return None
    return keys


def keys_from(text: str, source: Source) -> list[Latents] | None:
    """The latents in the user's list of seeds and pins (p1, p2, …), or None if an entry is neither."""
    found = [_key(word.strip().lower(), source) for word in text.split(",") if word.strip()]
    keys = [key for key in found if key is not None]
    return keys if len(keys) == len(found) else None


def _key(word: str, source: Source) -> Latents | None:
    if (seed := whole_number(word, latent_state.MAX_SEED)) is not None:
        return latent_state.seed_latent(seed, source.latent_dim)
    kept = pins(source)
    if word[:1] == "p" and (number := whole_number(word[1:], len(kept))):
        return kept[number - 1]
    return None


def _show_path_of_points(source: Source, keys: list[Latents], latents: Latents, kind: str) -> None:
    """Show where the path runs in the plane, with the given latents marked on it."""
    show_points(
        source,
        key="explore-way",
        alt=f"Points along the {kind} path between {len(keys)} latents",
        path=source.networks.samples(latents),
        here=source.networks.samples(np.stack(keys)),
    )
    name = f"{source.name}-{kind}"
    st.download_button("Latents (.npy)", lambda: as_npy(latents), f"{name}.npy", icon=":material/download:", on_click="ignore")


def _show_path_of_images(source: Source, keys: list[Latents], latents: Latents, kind: str, loop: bool) -> None:
    _choose_film()
    made = _made(source.networks, source.key, latents, _frames(), loop)
    frames, strip = made.frames, made.strip
    live_image(
        images.png(strip), key="explore-strip", alt=f"{STRIP_IMAGES} images along the {kind} path between {len(keys)} latents", width=4096
    )
    count, height, width, _ = frames.shape
    left, right = st.columns([2, 3], gap="large")
    with left:
        film(
            made.sheet,
            frame_count=count,
            columns=_frames(),
            frame_width=width,
            frame_height=height,
            key="explore-film",
            alt=f"Film along the {kind} path between {len(keys)} latents",
            fps=FRAMES_PER_SECOND,
            width=st.session_state[_SIZE],
            cursor="explore-film",
        )
    with right:
        live_chart(
            path_figure(made.report.scores, made.report.change, _frames()),
            key="explore-path-chart",
            alt=f"For {count} frames: the critic's score, and how much each frame differs from the one before",
            height=220,
            revision=f"{source.name}-{kind}-{count}",
            cursor="explore-film",
        )
        st.caption(
            f"{count} images, generated once and played in your browser at {FRAMES_PER_SECOND} a second, {count / FRAMES_PER_SECOND:.1f} s."
            " The moving line marks the current frame; click on the chart to jump to another. Dotted lines mark the latents that the path "
            "leads through. A peak of the change between them means that the picture changes abruptly there."
        )
        _downloads(source, frames, strip, latents, kind)


@dataclass(frozen=True)
class _Made:
    """What is computed once for a path, however often the page is redrawn."""

    frames: images.Pixels
    sheet: bytes
    strip: images.Pixels
    report: PathReport


@st.cache_resource(max_entries=4, show_spinner=False)
def _made(_networks: SavedNetworks, key: tuple[object, ...], latents: Latents, columns: int, loop: bool) -> _Made:
    frames = _networks.pixels(latents)
    chosen = np.linspace(0, len(frames) - 1, STRIP_IMAGES).round().astype(int)
    return _Made(
        frames,
        images.png(images.tile(frames, columns=columns, gap=0)),
        images.tile(frames[chosen], columns=STRIP_IMAGES),
        path_report(_networks, latents, loop=loop),
    )


def _downloads(source: Source, frames: images.Pixels, strip: images.Pixels, latents: Latents, kind: str) -> None:
    factor = max(1, st.session_state[_SIZE] // frames.shape[1])
    name = f"{source.name}-{kind}"

    def large() -> images.Pixels:
        return frames.repeat(factor, 1).repeat(factor, 2)

    files = (
        ("GIF", lambda: images.gif(large(), FRAMES_PER_SECOND), "gif", "image/gif"),
        ("WebP", lambda: images.webp(large(), FRAMES_PER_SECOND), "webp", "image/webp"),
        ("MP4", lambda: images.mp4(large(), FRAMES_PER_SECOND), "mp4", "video/mp4"),
        ("Strip as PNG", lambda: images.png(images.enlarge(strip, max(1, factor // 2))), "png", "image/png"),
        ("Latents and frames (.npz)", lambda: as_npz(latents, frames), "npz", "application/octet-stream"),
    )
    with st.container(horizontal=True):
        for label, make, suffix, mime in files:
            st.download_button(label, make, f"{name}.{suffix}", mime, icon=":material/download:", on_click="ignore")
