"""A film that plays in the browser. All frames are sent once, as one picture, so playing and scrubbing need no server."""

from __future__ import annotations

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, asset, pack

_component = component("wgan_film", html=asset("film.html"), css=asset("film.css"), js=bundle(HERE / "film.js"))


def film(
    frames_png: bytes,
    *,
    frame_count: int,
    columns: int,
    frame_width: int,
    frame_height: int,
    key: str,
    alt: str,
    fps: int = 15,
    width: int = 256,
    labels: list[str] | None = None,
    cursor: str | None = None,
) -> None:
    """Show a film. When it is drawn again with the same frames, it continues where it was.

    It starts by itself unless the system asks for reduced motion. Keys: space plays and pauses, the arrow keys step, Home and End jump to
    the first and the last frame.

    Args:
        frames_png: all frames in one picture, row by row without gaps. Browsers draw at most 16,384 pixels in each direction.
        frame_count: the number of frames, at least 1. The last row may be shorter.
        columns: frames per row, at least 1.
        frame_width, frame_height: the size of one frame, in pixels of the picture.
        key: unique on the page.
        alt: a description for people who cannot see the film.
        fps: frames per second at normal speed.
        width: the width on the page in pixels, limited by the container. Enlarged pixels stay sharp squares.
        labels: a text for each frame, shown below it. None shows the frame's number, such as “Frame 3 (0–24)”.
        cursor: a name. Charts with the same `cursor` mark the current frame's number, counted from 0, on their x axis.

    Raises:
        ValueError: there are no frames, or there is not exactly one label for each frame.
    """
    if frame_count < 1 or columns < 1:
        raise ValueError("A film needs at least one frame and one column.")
    if labels is not None and len(labels) != frame_count:
        raise ValueError(f"A film of {frame_count} frames needs {frame_count} labels, not {len(labels)}.")
    header = {
        "count": frame_count,
        "columns": columns,
        "frameWidth": frame_width,
        "frameHeight": frame_height,
        "alt": alt,
        "fps": fps,
        "width": width,
        "labels": labels,
        "cursor": cursor,
    }
    _component(key=key, data=pack(header, frames_png))
