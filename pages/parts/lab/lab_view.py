"""The laboratory at work: its buttons, its picture, and the truth beside the estimate."""

from __future__ import annotations

import math

import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.lab import lab_setup
from pages.parts.lab.lab_stage import LAYERS, lab_stage, title
from pages.shared.server import spare_what_is_loaded
from wgan_core.lab import figures
from wgan_core.lab.frame import POINTS, Truth
from wgan_core.lab.laboratory import Laboratory, Pace
from wgan_core.lab.stages import Who

LOOK_EVERY = 0.1
"""Seconds between two looks, if the networks are small enough."""
PACES: dict[Pace, str] = {"slow": "Slow motion", "cycles": "Cycles", "full": "Full speed"}
TRAINED: dict[Who, str] = {"both": "Both", "critic": "Critic", "generator": "Generator"}
_PACE, _LAYERS, _SECONDS = "lab-pace", "lab-layers", "lab-seconds"
_NARROW = (
    "<style>.st-key-lab-work [data-testid='stColumn'] { min-width: min(100%, 26rem); }</style>"  # below that side by side is too small
)


@st.fragment
def lab_view() -> None:
    """Everything that changes while it trains. A fragment, so that a look costs no more than this."""
    lab: Laboratory = st.session_state[lab_setup.LABORATORY]  # not an argument: a restart from within leaves another one there
    _read_widgets(lab)
    lab.advance(LOOK_EVERY)
    history = lab.truth()
    _buttons(lab)
    if lab.notice:
        st.error(lab.notice, icon=":material/error:")
    with st.container(key="lab-work"):
        st.html(_NARROW)
        alone = len(lab.trainers) == 1
        picture, beside = st.columns([3, 2], gap="medium") if alone else (st.container(), st.container())
    with picture:
        shown = {*st.session_state[_LAYERS]}
        if lab.stage is not None and lab.stage.part == "push":  # which speaks of them
            shown.add("arrows")
        lab_stage(lab, [name for name in LAYERS if name in shown], key="lab-stage")
        st.pills(
            "Show",
            tuple(LAYERS),
            key=_LAYERS,
            selection_mode="multi",
            format_func=LAYERS.__getitem__,
            persist_state="session",
            label_visibility="collapsed",
        )
    with beside:
        if lab.pace == "slow":
            st.slider("Seconds a stage of slow motion lasts", 0.3, 5.0, step=0.1, key=_SECONDS, persist_state="session")
        _truth(lab, history)
    if lab.trainers[0].step:
        spare_what_is_loaded()


def _read_widgets(lab: Laboratory) -> None:
    """What is set below, before anything is drawn: a press of a button may have changed it."""
    st.session_state.setdefault(_PACE, lab.pace)
    st.session_state.setdefault(_SECONDS, lab.stage_seconds)
    st.session_state.setdefault(_LAYERS, [name for name in LAYERS if name != "arrows"])
    lab.set_pace(st.session_state[_PACE], st.session_state[lab_setup.WHO])
    lab.stage_seconds = st.session_state[_SECONDS]


def _buttons(lab: Laboratory) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if lab.playing:
            st.button("Pause", key="lab-pause", icon=":material/pause:", type="primary", on_click=lab.pause, shortcut="Space")
        else:
            st.button("Play", key="lab-play", icon=":material/play_arrow:", type="primary", on_click=lab.play, shortcut="Space")
        st.button("Critic step", icon=":material/star:", on_click=lab.critic_step, help="One critic update, clip included.")
        st.button("Generator step", icon=":material/draw:", on_click=lab.generator_step, help="One generator update.")
        st.button(
            "One cycle",
            icon=":material/cycle:",
            on_click=lab.play_cycle,
            help="n_critic critic updates, then the generator's, at the pace chosen beside; then it stands still.",
        )
        st.button(
            "Restart", icon=":material/restart_alt:", on_click=lab_setup.restart, help="From untrained networks, with the same settings."
        )
        common = {"required": True, "persist_state": "session", "label_visibility": "collapsed"}
        st.segmented_control("Pace", tuple(PACES), key=_PACE, format_func=PACES.__getitem__, **common)
        st.segmented_control("Which networks train", tuple(TRAINED), key=lab_setup.WHO, format_func=TRAINED.__getitem__, **common)


def _truth(lab: Laboratory, history: tuple[tuple[Truth, ...], ...]) -> None:
    st.markdown(
        "**The truth beside the estimate**",
        help=f"Exact W1 is the Wasserstein-1 distance of the {POINTS} generated points from the {POINTS} real ones that are shown: the "
        "cheapest way to move the ones onto the others, mean distance a point. The floor is what real points get against other real ones, "
        "equally many: lower is luck. The estimate is in units of the critic, which say nothing by themselves; divided by the steepest "
        "slope found it can be compared, and never exceeds exact W1. The better the critic, the nearer it comes.",
    )
    names = [title(lab, number) for number in range(len(lab.configs))]
    figure = figures.truth(history, names, lab.view.floor)
    words = f"Exact W1 {history[-1][0].w1:.3g} at critic update {history[-1][0].step}, floor {lab.view.floor:.3g}"
    live_chart(figure, key="lab-chart", alt=words, height=300, revision=str(id(lab)))
    last = history[-1]
    rows = [
        ["", *names],
        [":--", *["--:" for _ in last]],
        ["exact W1", *[f"{now.w1:.4g}" for now in last]],
        ["its floor", *[f"{lab.view.floor:.4g}" for _ in last]],
        ["estimate", *[f"{now.estimate:.4g}" for now in last]],
        ["steepest slope", *[_or_none(now.steepest) for now in last]],
        ["estimate / steepest slope", *[_or_none(now.scaled) for now in last]],
    ]
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows))
    for reason in lab.why_no_slope():
        st.caption(f"No slope: {reason}")


def _or_none(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "—"
