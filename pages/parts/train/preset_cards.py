"""The presets as cards, by what somebody wants to do: a picture of what each makes, how long that takes here, and who needs a GPU."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.live_image import live_image
from pages.shared.server import run_manager
from pages.shared.text import duration
from wgan_core.config import POINT_SETS, PRESET_NOTES, PRESETS
from wgan_core.config.preset_cards import AIMS, FOR_A_GPU, IN_A_SENTENCE
from wgan_core.forecast.known_speed import known_speed

PICTURES = Path(__file__).parent / "presets"
"""Made by `python -m tests.preset_pictures`; made.json says at which step and with which seed."""
AIM_KEY = "setup-aim"
_ACROSS = 3
_PICTURE_PX = 132
_ROUND_STEPS = 1000


def preset_cards(chosen: str, choose: Callable[[str], None]) -> None:
    """Draw the cards of one aim. `choose(name)` is called when one is pressed."""
    if st.session_state.get(AIM_KEY) is None:
        st.session_state[AIM_KEY] = next(aim for aim, names in AIMS.items() if chosen in names)
    aim = st.segmented_control(
        "Start from",
        tuple(AIMS),
        key=AIM_KEY,
        required=True,
        persist_state="session",
        help="A preset is a starting point: it fills in every setting below. You can change any of them afterwards.",
    )
    names = AIMS[aim or next(iter(AIMS))]
    for row in range(0, len(names), _ACROSS):
        columns = st.columns(_ACROSS, gap="small")
        for column, name in zip(columns, names[row : row + _ACROSS], strict=False):
            key = f"preset-{'chosen-' if name == chosen else ''}{name}"
            with column.container(border=True, height="stretch", gap="xsmall", key=key):
                _card(name, name == chosen, choose)
    st.caption(f"**{chosen}**: {PRESET_NOTES[chosen]}")


def _card(name: str, is_chosen: bool, choose: Callable[[str], None]) -> None:
    facts = made().get(name)
    picture, words = st.columns([2, 3], gap="small") if facts is not None else (None, st.container(gap="xsmall"))
    if picture is not None and facts is not None:
        with picture:
            kind = "points" if PRESETS[name].dataset in POINT_SETS else "images"
            live_image(
                (PICTURES / f"{name}.png").read_bytes(),
                key=f"preset-picture-{name}",
                alt=f"Generated {kind} of {name} at step {facts['step']}",
                caption=f"step {facts['step']:,}, seed {facts['seed']}",
                width=_PICTURE_PX,
            )
    with words:
        st.markdown(f"**{name}**{' :violet-badge[GPU]' if name in FOR_A_GPU else ''}")
        st.markdown(IN_A_SENTENCE[name])
        st.caption(_time(name, facts["step"] if facts is not None else None))
        st.button(
            "Chosen" if is_chosen else f"Use {name}",
            key=f"use-{name}",
            on_click=choose,
            args=(name,),
            disabled=is_chosen,
            icon=":material/check:" if is_chosen else None,
        )


def _time(name: str, step: int | None) -> str:
    """How long this machine takes to get to the picture, as far as an earlier run tells; or why there is no picture."""
    speed = _speed(run_manager().root, name)
    if step is not None:
        return f"{duration(step / speed)} to this picture on this machine." if speed else "Not timed on this machine yet."
    why = ": it takes hours on a CPU" if name in FOR_A_GPU else ""
    why = {"cifar10": ": CIFAR-10 was not at hand", "image-folder": ": it depends on your pictures"}.get(PRESETS[name].dataset, why)
    timed = f" {_ROUND_STEPS:,} steps take {duration(_ROUND_STEPS / speed)} on this machine." if speed else ""
    return f"No picture yet{why}.{timed}"


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _speed(root: Path, name: str) -> float | None:
    """Steps per second in earlier runs like this preset."""
    known = known_speed(root, PRESETS[name])
    return known.steps_per_second if known is not None else None


@st.cache_data(show_spinner=False)
def made() -> dict[str, dict[str, Any]]:
    """Step and seed of each picture by the preset's name."""
    return json.loads((PICTURES / "made.json").read_text(encoding="utf-8"))
