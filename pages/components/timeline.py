"""The time of a run, or of several, as a track with marks and a cursor. Moving it moves the charts and pictures of the page in the browser;
the server is told where it comes to rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, asset, pack
from pages.components.sent import sent_by

_component = component("wgan_timeline", html=asset("timeline.html"), css=asset("timeline.css"), js=bundle(HERE / "timeline.js"))

MarkKind = Literal["full", "light", "saved", "pin", "start", "edit", "error", "branch"]
MAX_STEP = 10**15


class Mark(NamedTuple):
    """Something at a step of the track."""

    step: int
    kind: MarkKind
    """What is kept: full (a whole step), light (networks only), saved (by hand), pin. Or what happened: start (of the run, or of a branch),
    edit, error, branch (another run branched off)."""
    text: str = ""
    """What to say of it; "" says what its kind means."""


class Action(NamedTuple):
    """A button that does something with the step under the cursor, or with the one nearest to it that has what is needed."""

    name: str
    label: str
    """For the step under the cursor."""
    help: str
    of: tuple[MarkKind, ...] = ()
    """The step needs one of these marks; empty: any step will do."""
    near: str = ""
    """The label for another step than the one under the cursor, with {step} in the place of its number; "": only for that one."""
    besides: tuple[MarkKind, ...] = ()
    """Not for steps with one of these marks."""


@dataclass(frozen=True)
class Track:
    """What there is along the time of a run."""

    end: int
    """The newest step."""
    training: bool
    """Whether it moves on."""
    stops: Sequence[int]
    """Where the arrow keys stop and what playing shows, ascending."""
    marks: Sequence[Mark]
    """By step."""
    steps: NDArray[np.floating]
    """Of the curve that the cursor reads out, ascending, [n]; and its values, [n]."""
    values: NDArray[np.floating]
    value_name: str
    settings: Sequence[tuple[int, str]]
    """Settings in force from a step on, in words, ascending. The first holds from the beginning."""
    held: str = ""
    """What the run holds, in words."""
    paused: bool = False
    """Whether it stands still, and may move on."""


def timeline(
    track: Track,
    *,
    cursor: str,
    at: int | None,
    key: str,
    on_move: Callable[[int | None], None],
    actions: Sequence[Action] = (),
    on_action: Callable[[str, int], None] = lambda name, step: None,
    frames: str = "",
) -> None:
    """Draw the track.

    Args:
        track: what there is along the time.
        cursor: a name. Charts and pictures with the same `cursor` follow it. It counts steps, and is not a number at the end.
        at: the step where it is; None for the end.
        key: unique on the page.
        on_move: called with the step where the cursor has come to rest, None for the end.
        actions: buttons for the step under the cursor.
        on_action: called with the name of a button that was pressed, and the step.
        frames: the store of `moment_picture` whose pictures are previewed; "" for none.
    """
    header, body = message(track, cursor=cursor, at=at, actions=actions, frames=frames)

    def moved() -> None:
        if (step := moved_to(sent_by(key, "moved"))) is not False:
            on_move(step)

    def pressed() -> None:
        sent = sent_by(key, "action")
        names = [one.name for one in actions]
        if isinstance(sent, dict) and sent.get("name") in names and isinstance(step := moved_to(sent), int) and step is not False:
            on_action(sent["name"], step)

    _component(key=key, data=pack(header, body), on_moved_change=moved, on_action_change=pressed)


def message(track: Track, *, cursor: str, at: int | None, actions: Sequence[Action], frames: str) -> tuple[dict[str, Any], bytes]:
    """The message to the browser."""
    header = {
        "cursor": cursor,
        "end": track.end,
        "training": track.training,
        "paused": track.paused,
        "at": at,
        "stops": list(track.stops),
        "marks": [list(mark) for mark in track.marks],
        "value": track.value_name,
        "settings": [list(one) for one in track.settings],
        "held": track.held,
        "frames": frames,
        "actions": [
            {"name": one.name, "label": one.label, "near": one.near, "help": one.help, "of": one.of, "not": one.besides} for one in actions
        ],
    }
    return header, np.concatenate([track.steps, track.values]).astype("<f4").tobytes()


def moved_to(sent: Any) -> int | Literal[False] | None:
    """The step in what the browser has sent, None for the end; False if it holds none. The page's own script never sends that."""
    if not isinstance(sent, dict) or "step" not in sent:
        return False
    step = sent["step"]
    if step is None:
        return None
    return step if isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= MAX_STEP else False
