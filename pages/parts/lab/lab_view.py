"""The running laboratory: its buttons, its picture, and the true distance beside the estimate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st

from pages.components.lab_stage import LAYERS, lab_stage, title
from pages.components.live_chart import live_chart
from pages.parts.lab import lab_setup
from pages.shared.people import allowed, refused, shuts
from pages.shared.problems import show_problem
from pages.shared.server import exclude_loaded_from_gc
from wgan_core.config import critic_word, is_wasserstein
from wgan_core.lab import figures, stages
from wgan_core.lab.frame import POINTS, Truth
from wgan_core.lab.laboratory import Laboratory, Pace
from wgan_core.lab.stages import Who

LOOK_EVERY_SECONDS = 0.1
"""Seconds between two redraws, if the networks are small enough."""
PACES: dict[Pace, str] = {"slow": "Slow motion", "cycles": "Cycles", "full": "Full speed"}
TRAINED: dict[Who, str] = {"both": "Both", "critic": "Critic", "generator": "Generator"}
_PACE, _LAYERS, _SECONDS = lab_setup.PACE, "lab-layers", "lab-seconds"
_NARROW = (
    "<style>.st-key-lab-work [data-testid='stColumn'] { min-width: min(100%, 26rem); "
    "}</style>"  # side by side would be too small on narrower pages
)


@st.fragment
def lab_view() -> None:
    """Everything that changes while the networks train. A fragment, so that only this part is redrawn."""
    lab: Laboratory = st.session_state[lab_setup.LABORATORY]  # not an argument, because a restart in this fragment replaces it
    _read_widgets(lab)
    if not allowed("experiment"):
        lab.pause()
    lab.advance(LOOK_EVERY_SECONDS)
    history = lab.truth()
    _buttons(lab)
    if lab.notice:
        show_problem(lab.notice)
    with st.container(key="lab-work"):
        st.html(_NARROW)
        alone = len(lab.trainers) == 1
        picture, beside = st.columns([3, 2], gap="medium") if alone else (st.container(), st.container())
    with picture:
        shown = {*st.session_state[_LAYERS]}
        if lab.stage is not None and lab.stage.part == "push":  # whose caption refers to the arrows
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
            st.slider("Seconds per stage in slow motion", 0.3, 5.0, step=0.1, key=_SECONDS, persist_state="session")
        _truth(lab, history)
    if lab.trainers[0].step:
        exclude_loaded_from_gc()


def _read_widgets(lab: Laboratory) -> None:
    """Apply the widgets below before anything is drawn, because pressing a button may have changed them."""
    st.session_state.setdefault(_PACE, lab.pace)
    st.session_state.setdefault(_SECONDS, lab.stage_seconds)
    st.session_state.setdefault(_LAYERS, [name for name in LAYERS if name not in ("arrows", "mesh")])
    lab.set_pace(st.session_state[_PACE], st.session_state[lab_setup.WHO])
    lab.stage_seconds = st.session_state[_SECONDS]


def _do(action: Callable[[], None]) -> None:
    if not refused("experiment"):
        action()


def _buttons(lab: Laboratory) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if lab.playing:
            st.button("Pause", key="lab-pause", icon=":material/pause:", type="primary", on_click=lab.pause, shortcut="Space")
        else:
            st.button(
                "Play",
                key="lab-play",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_do,
                args=(lab.play,),
                shortcut="Space",
                **shuts("experiment"),
            )
        critic = critic_word(lab.configs[0])
        clipped = any(config.lipschitz == "clip" for config in lab.configs)
        says = f"Make one {critic} update{', including its clipping' if clipped else ''}."
        st.button(
            f"{critic.capitalize()} update", icon=":material/star:", on_click=_do, args=(lab.critic_step,), **shuts("experiment", help=says)
        )
        says = "Make one generator update."
        st.button("Generator update", icon=":material/draw:", on_click=_do, args=(lab.generator_step,), **shuts("experiment", help=says))
        st.button(
            "One cycle",
            icon=":material/cycle:",
            on_click=_do,
            args=(lab.play_cycle,),
            **shuts("experiment", help=f"Make n_critic {critic} updates and then one generator update, at the chosen pace, and stop."),
        )
        st.button(
            "Restart",
            icon=":material/restart_alt:",
            on_click=lab_setup.restart,
            help="Start again from untrained networks, with the same settings.",
        )
        common = {"required": True, "persist_state": "session", "label_visibility": "collapsed"}
        st.segmented_control("Pace", tuple(PACES), key=_PACE, format_func=PACES.__getitem__, **common)
        st.segmented_control("Which networks train", tuple(TRAINED), key=lab_setup.WHO, format_func=TRAINED.__getitem__, **common)


def _truth(lab: Laboratory, history: Sequence[tuple[Truth, ...]]) -> None:
    st.markdown(
        "**True distance and estimate**",
        help=f"Exact W1 is the Wasserstein-1 distance between the {POINTS} generated and the {POINTS} real points shown: the smallest mean "
        "distance over which the generated points must move to cover the real ones. Its floor is what two sets of real points of this size "
        "get; a lower value is luck. The estimate has a unit of the critic's own, so its number alone says nothing. Divided by the "
        "steepest slope found (K_emp), it can be compared with exact W1 and never exceeds it. The better the critic, the closer it comes.",
    )
    names = [title(lab, number) for number in range(len(lab.configs))]
    figure = figures.truth(history, names, lab.view.floor)
    words = f"Exact W1 {history[-1][0].w1:.3g} at step {history[-1][0].step}, floor {lab.view.floor:.3g}"
    with st.container(key="lab-curve", height=316, border=False):  # the place is kept free, so that nothing moves when the curve begins
        if len(history) > 1:
            live_chart(figure, key="lab-chart", alt=words, height=300, revision=str(id(lab)))
        else:
            st.caption("The curve begins with the first updates.")
    last = history[-1]
    rows = [
        ["Measure", *names],
        [":--", *["--:" for _ in last]],
        ["Exact W1", *[f"{now.w1:.4g}" for now in last]],
        ["Its floor", *[f"{lab.view.floor:.4g}" for _ in last]],
        *_estimates(lab, last),
    ]
    if any(map(is_wasserstein, lab.configs)):
        rows.append(["Steepest slope (K_emp)", *[_or_none(now.steepest) for now in last]])
        rows.append(["Estimate / K_emp", *[_or_none(now.scaled) for now in last]])
    st.markdown("\n".join(f"| {' | '.join(row)} |" for row in rows))
    for reason in lab.why_no_slope():
        st.caption(f"No steepest slope: {reason}")


def _estimates(lab: Laboratory, last: Sequence[Truth]) -> list[list[str]]:
    """A row for each kind of number that the networks tell: a WGAN's estimate and a discriminator's bound or loss are not alike."""
    names = [stages.estimate_word(config) for config in lab.configs]
    return [
        [row, *[f"{now.estimate:.4g}" if name == row else "—" for name, now in zip(names, last, strict=True)]]
        for row in dict.fromkeys(names)
    ]


def _or_none(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "—"
