"""Films of a run: the samples as they grow, the curve that draws itself beside them, the step and the settings below.

    from wgan_core.timeline.film import FilmCancelled, make_film

    data = make_film(folder, "mp4", title="mnist, #4", progress=bar.progress, cancelled=lambda: stop)

A page calls this on a thread of its own and offers `data` for download, with the mime type `MIME[ending]`. It takes some seconds, on one
core. `progress` is called with a share from 0 to 1. FilmCancelled is raised soon after `cancelled()` is true.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from wgan_core.config.whole import whole_number
from wgan_core.data.array_errors import ARRAY_ERRORS
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.locks import reading
from wgan_core.timeline.film_frames import Frames, Look
from wgan_core.timeline.film_scenes import scenes_of

MIME: MappingProxyType[str, str] = MappingProxyType({"mp4": "video/mp4", "gif": "image/gif", "webp": "image/webp"})
"""The kinds of film, by the ending of the file, with their mime types."""
_FRAMES_PER_SECOND = {"mp4": 30, "gif": 12, "webp": 12}
_HOLD_SECONDS = 1.5
"""The last frame is shown for so long."""
MIN_SIDE, MAX_SIDE = 96, 1080
MIN_SECONDS, MAX_SECONDS = 1.0, 120.0
_MAX_BYTES = 400_000_000
"""Of the frames of a WebP, which are all held at once; longer ones get fewer frames a second."""
_MAX_LATENTS = 64


class FilmCancelled(Exception):
    """The film is not wanted any more."""


def make_film(
    folder: RunFolder,
    kind: str,
    *,
    seconds: float = 12.0,
    side: int = 480,
    averaged: bool = False,
    curve: bool = True,
    latents: Latents | None = None,
    told: Sequence[float] | None = None,
    title: str = "",
    progress: Callable[[float], object] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> bytes:
    """A time-lapse of the run in `folder`, as the content of a file.

    Args:
        kind: "mp4" (H.264), "gif" or "webp".
        seconds: of its length, 1 to 120; the last frame then stays for a moment.
        side: pixels per side of the picture, 96 to 1080. The curve is as large; two lines of text come below.
        averaged: of the averaged generator.
        curve: whether the curve is drawn beside the picture.
        latents: instead of the run's fixed ones, [n, latent_dim] with at most 64 rows: what they become through the kept networks.
        told: of a run that is told classes, the class or mixture that `latents` become, [classes]; None: each class its share.
        title: of the run, shown beside the step.

    Raises StoreError, in a sentence, if the run keeps too little or an argument cannot be used; FilmCancelled.
    """
    if kind not in MIME:
        raise StoreError(f"A film is one of {', '.join(MIME)}, not {kind[:20]!r}.")
    for name, value, low, high in (("seconds", seconds, MIN_SECONDS, MAX_SECONDS), ("side", side, MIN_SIDE, MAX_SIDE)):
        if not low <= value <= high:
            raise StoreError(f"A film's {name} must be from {low:g} to {high:g}, not {value:g}.")
    look = Look(side - side % 2, curve, title)
    rate = _rate(kind, seconds, look)
    count, held = max(2, round(seconds * rate)), round(_HOLD_SECONDS * rate)
    with reading(folder.path):
        frames = Frames(folder, scenes_of(folder, averaged=averaged, latents=latents, told=told), look)
        return _encode(kind, _watched(frames.all(count), count, held, progress, cancelled), rate)


def _rate(kind: str, seconds: float, look: Look) -> int:
    """Frames a second."""
    wanted = _FRAMES_PER_SECOND[kind]
    if kind != "webp":
        return wanted
    width, height = look.size
    return max(1, min(wanted, int(_MAX_BYTES / (3 * width * height * (seconds + _HOLD_SECONDS)))))


def _watched(
    frames: Iterator[Image.Image], count: int, held: int, progress: Callable[[float], object], cancelled: Callable[[], bool]
) -> Iterator[Image.Image]:
    """The frames, the last one `held` times more."""
    frame: Image.Image | None = None
    for index, frame in enumerate(frames):
        if cancelled():
            raise FilmCancelled
        progress(index / (count + held))
        yield frame
    assert frame is not None
    for index in range(held):
        if cancelled():
            raise FilmCancelled
        progress((count + index) / (count + held))
        yield frame
    progress(1.0)


def _encode(kind: str, frames: Iterator[Image.Image], rate: int) -> bytes:
    if kind == "mp4":
        return _mp4(frames, rate)
    buffer = io.BytesIO()
    first = next(frames)
    if kind == "gif":
        rest = (frame.convert("P", palette=Image.Palette.ADAPTIVE) for frame in frames)
        first = first.convert("P", palette=Image.Palette.ADAPTIVE)
        first.save(buffer, "GIF", save_all=True, append_images=rest, duration=round(1000 / rate), loop=0, disposal=1)
    else:
        # Pillow goes through the frames twice.
        first.save(buffer, "WEBP", save_all=True, append_images=list(frames), duration=round(1000 / rate), loop=0, quality=80, method=2)
    return buffer.getvalue()


def _mp4(frames: Iterator[Image.Image], rate: int) -> bytes:
    """H.264, frame by frame, so that a long film takes no more memory than a short one."""
    import av  # only needed here, and slow to import

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast", "threads": "1"})
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(frames):
            if not index:
                stream.width, stream.height = frame.size
            film.mux(stream.encode(av.VideoFrame.from_image(frame)))
        film.mux(stream.encode())
    return buffer.getvalue()


def latents_from(text: str, latent_dim: int) -> Latents:
    """The latents that a user names: a seed, whose one latent is meant, or a file with the array `z`, as `sample --out samples.npz` writes
    it. Raises StoreError."""
    if (seed := whole_number(text)) is not None:
        return fixed_latents(seed, 1, latent_dim).numpy()
    try:
        with Path(text).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = np.asarray(arrays["z"], dtype=np.float32)
    except (*ARRAY_ERRORS, AttributeError):
        raise StoreError(f"{text[:200]} is neither a seed nor a file with latents: give a whole number, or a samples.npz.") from None
    if found.ndim != 2 or not len(found) or not np.isfinite(found).all():
        raise StoreError(f"The array z in {text[:200]} does not hold latents: it must have a row of {latent_dim} finite numbers for each.")
    return found[:_MAX_LATENTS]
