"""A film played in the browser: its frames travel once, as one picture; playing and scrubbing need no server."""

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
    """Play a film; drawn again with the same frames it goes on where it was.

    It starts by itself unless the system asks for reduced motion. Keys: space plays and pauses, the arrows step, Home and End jump.

    Args:
        frames_png: all frames as one picture, row by row without gaps. Browsers draw up to 16,384 pixels each way.
        frame_count: how many frames there are, at least 1; the last row may be shorter.
        columns: frames in a row, at least 1.
        frame_width, frame_height: of one frame, in pixels of the picture.
        key: unique on the page.
        alt: what the film shows, for people who do not see it.
        fps: frames a second at normal speed.
        width: of the film on the page in pixels, at most the container's. Enlarged pixels stay sharp squares.
        labels: one for each frame, shown below it; None: "frame 3 of 24".
        cursor: a name under which charts with the same `cursor` show the frame's number, from 0, along their x axis.

    Raises:
        ValueError: no frames, or the labels are not one for each frame.
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
