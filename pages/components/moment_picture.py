"""The pictures of a run along its time. The browser gets each kept picture once and holds it, so that moving the cursor needs no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, pack
from pages.components.sent import sent_by
from wgan_core.store.layout import StoreError

_component = component(
    "wgan_moment_picture",
    html='<figure><img hidden><canvas role="img" hidden></canvas><figcaption></figcaption></figure>',
    css="""
        figure { margin: 0; }
        img, canvas { display: block; width: 100%; height: auto; image-rendering: pixelated; }
        [hidden] { display: none; }
        figcaption { margin-top: 0.4rem; font-size: 0.875rem; overflow-wrap: anywhere; }
        figcaption { color: color-mix(in srgb, var(--st-text-color) 75%, transparent); }
    """,
    js=bundle(HERE / "moment_picture.js"),
)
BYTES_PER_MESSAGE = 1_500_000
"""Kept pictures beyond these wait for the next message, so that the page appears first."""
Kept = Mapping[int, tuple[str, Callable[[], bytes]]]
"""The kept pictures: by step, ascending, the version of each, and how to read it as a file that browsers can show."""


def moment_picture(newest: tuple[int, bytes], kept: Kept, *, store: str, cursor: str, key: str, alt: str, caption: str) -> None:
    """Show the newest picture, or the kept one nearest to the cursor.

    Args:
        newest: the step of the newest picture and the picture, in any format that browsers can show.
        kept: the pictures to look back at.
        store: the name under which the browser holds them, different for each run.
        cursor: the name of the timeline's cursor.
        key: unique on the page.
        alt: a description for people who cannot see the picture, with {step} where the step goes.
        caption: the text below, with {step} too.
    """
    header, body, missing = message(newest, kept, store=store, cursor=cursor, key=key, alt=alt, caption=caption)
    _component(key=key, data=pack(header, body), on_missing_change=missing)


def message(
    newest: tuple[int, bytes], kept: Kept, *, store: str, cursor: str, key: str, alt: str, caption: str
) -> tuple[dict[str, Any], bytes, Callable[[], None]]:
    """Header and body of the message to the browser, and what to do when that says what it is missing."""
    known: set[str] = st.session_state.setdefault(f"moments-sent:{store}", set())
    bodies = to_send(kept, known)
    step, picture = newest
    header = {
        "cursor": cursor,
        "store": store,
        "step": step,
        "bytes": len(picture),
        "kept": [[at, _key(at, version)] for at, (version, _) in kept.items()],
        "sent": [[name, len(body)] for name, body in bodies],
        "alt": alt,
        "caption": caption,
    }
    known.update(name for name, _ in bodies)

    def missing() -> None:
        """The browser lacks what was sent, because a message was overtaken by the next, or what has not been sent yet."""
        asked = sent_by(key, "missing")
        if isinstance(asked, list):
            known.difference_update(name for name in asked if isinstance(name, str))

    return header, b"".join((picture, *(body for _, body in bodies))), missing


def to_send(kept: Kept, known: set[str]) -> list[tuple[str, bytes]]:
    """The next pictures that the browser does not have, with their keys: first those that are spread over all of the time."""
    found: list[tuple[str, bytes]] = []
    size = 0
    for place in coarse_to_fine(len(kept)):
        at = list(kept)[place]
        version, read = kept[at]
        if _key(at, version) in known:
            continue
        try:
            body = read()
        except (OSError, StoreError):  # it has just been thinned out
            continue
        found.append((_key(at, version), body))
        size += len(body)
        if size >= BYTES_PER_MESSAGE:
            break
    return found


def coarse_to_fine(count: int) -> list[int]:
    """The numbers below `count`, so that the first few of them already cover the range: the ends, the middle, the quarters, and so on."""
    order = dict.fromkeys([count - 1, 0] if count else [])
    stride = 1 << max(0, count - 1).bit_length()
    while stride >= 1:
        order.update(dict.fromkeys(range(0, count, stride)))
        stride //= 2
    return list(order)


def _key(step: int, version: str) -> str:
    return f"{step}:{version}"
