"""The curves of a run, how to look at them, and the list of the edits that are flagged on them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.components.live_chart import Chart, Scale, live_chart, prepared
from pages.shared.once import Once
from pages.shared.run_time import cursor_of, edit_in_words
from wgan_core.figures import training as figures
from wgan_core.runs.messages import Snapshot
from wgan_core.store.history import column, newest

_CHARTS = Once[tuple[Chart, bool]](48)
"""Of runs in one state each, drawn once for all who look."""
_SCALE_POINTS = 100
_LISTED = 4
"""Edits in the list below a chart; the earlier ones are behind a button."""


class View(NamedTuple):
    """How the user wants to see the curves."""

    smoothing: float
    x_axis: figures.XAxis
    log_y: bool
    whole: bool
    """Whether the vertical axis covers every spike."""
    since: int
    """The step from which on the curves are drawn."""


class _Words(NamedTuple):
    """How a kind of GAN is drawn and spoken of."""

    number: tuple[figures.Curve, ...]
    """The curve that is drawn large."""
    number_help: str
    critic: str
    scores_help: str
    losses: tuple[figures.Curve, ...]
    losses_help: str


def estimate_curve(snapshot: Snapshot, *, past: bool) -> View:
    """The Wasserstein estimate, or the number that an ordinary GAN has in its place, with its options. past: as for `_when`."""
    words = _words(snapshot)
    (curve,) = words.number
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="estimate-head"):
        st.markdown(f"**{curve.name}**", help=words.number_help, width="content")
        now = newest(snapshot.history, curve.column, float("nan"))
        first = "nothing was recorded" if snapshot.ended else f"starts at step {snapshot.config.log_every:,}"
        when = _when(snapshot, past=past)
        st.caption(f"{when} {now:.4g}" if len(snapshot.history) else first, width="content")
        view = _options(snapshot)
    if len(snapshot.history):
        said = f"{curve.name} by {figures.X_TITLES[view.x_axis]}, {when} {now:.4g}"
        _chart(snapshot, view, words.number, curve.name, said, 250, log_y=view.log_y)
    return view


def other_curves(snapshot: Snapshot, view: View, *, past: bool) -> None:
    """The critic's scores and the losses. past: as for `_when`."""
    if not len(snapshot.history):
        st.empty()  # a fragment may fill only what it has written to in the page's own run
        return
    words, when = _words(snapshot), _when(snapshot, past=past)
    last = {name: newest(snapshot.history, name, 0) for name in ("real_score", "fake_score", "critic_loss")}
    st.markdown(f"**{words.critic.capitalize()} scores**", help=words.scores_help)
    said = f"mean {words.critic} score of real data, {when} {last['real_score']:.4g}, and generated, {last['fake_score']:.4g}"
    _chart(snapshot, view, figures.SCORES, "Critic scores", said, 230)
    st.markdown("**Losses**", help=words.losses_help)
    _chart(snapshot, view, words.losses, "Losses", f"{words.critic} loss, {when} {last['critic_loss']:.4g}, and generator loss", 230)


def _when(snapshot: Snapshot, *, past: bool) -> str:
    """What the newest number is called. past: the timeline shows an earlier step, so that "now" could be taken for that one."""
    if snapshot.ended:
        return "at the end"
    return "now" if snapshot.status == "running" and not past else "newest"


def _words(snapshot: Snapshot) -> _Words:
    return _WORDS.get(snapshot.config.objective, _OF_A_GAN)


def _chart(
    snapshot: Snapshot, view: View, which: tuple[figures.Curve, ...], name: str, words: str, height: int, *, log_y: bool = False
) -> None:
    rows = snapshot.history
    # With the newest row, because a run that was resumed from an earlier step comes to the same steps again.
    state = snapshot.run_id, snapshot.seq, snapshot.step, len(rows), rows[-1:].tobytes(), len(snapshot.edits)
    chart, cut_off = _CHARTS.get((*state, view, name, log_y), lambda: _drawn(snapshot, view, which, log_y=log_y))
    if snapshot.parent is not None:
        words += f". The grey part, up to step {snapshot.parent.step:,}, is that of the parent"
    if cut_off:
        words += ". Spikes reach beyond the chart"
    revision = f"{snapshot.run_id}-{view.x_axis}-{log_y}-{view.since}-{view.whole}"
    cursor, scale = cursor_of(snapshot.run_id), _scale(snapshot, view.x_axis)
    live_chart(chart, key=f"chart-{name}", alt=words, height=height, revision=revision, cursor=cursor, scale=scale)


def _drawn(snapshot: Snapshot, view: View, which: tuple[figures.Curve, ...], *, log_y: bool) -> tuple[Chart, bool]:
    """A chart in one state of a run, and whether spikes reach beyond it."""
    usual = None if view.whole else figures.usual_range(snapshot.history, which, since=view.since, log_y=log_y)
    figure = figures.curves(
        snapshot.history,
        which,
        edits=snapshot.edits,
        smoothing=view.smoothing,
        log_y=log_y,
        x_axis=view.x_axis,
        since=view.since,
        y_range=usual,
        parent_until=snapshot.parent.step if snapshot.parent is not None else None,
    )
    return prepared(figure), usual is not None


def _scale(snapshot: Snapshot, x_axis: figures.XAxis) -> Scale | None:
    """Where steps are on the horizontal axis, if that does not count steps."""
    if x_axis == "step":
        return None
    steps, places = column(snapshot.history, "step"), column(snapshot.history, x_axis)
    some = np.unique(np.linspace(0, len(steps) - 1, _SCALE_POINTS).astype(int)) if len(steps) else np.empty(0, int)
    return steps[some].tolist(), places[some].tolist()


def _options(snapshot: Snapshot) -> View:
    edited = bool(snapshot.edits) or snapshot.parent is not None
    since_edit = st.toggle(
        "Since the last edit",
        key="view.since",
        persist_state="session",
        disabled=not edited,
        help="Draw the curves from the last change of a setting on, or from where a branch began."
        if edited
        else "No setting of this run has been changed.",
    )
    with st.popover("View", icon=":material/tune:", type="tertiary", key="view.options", on_change="rerun"):
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            0.01,
            key="view.smoothing",
            persist_state="session",
            help="How strongly the curves are smoothed, by an exponential moving average as in TensorBoard. The faint line shows the "
            "recorded values. The average starts again at each change of a setting.",
        )
        x_axis = st.selectbox(
            "Horizontal axis",
            tuple(figures.X_TITLES),
            format_func=figures.X_TITLES.__getitem__,
            key="view.x",
            persist_state="session",
        )
        log_y = st.toggle(
            "Log scale",
            key="view.log",
            persist_state="session",
            help="Use a logarithmic scale for the first chart. It cannot show values of 0 or below. Losses and scores may be "
            "negative, so they keep a linear scale.",
        )
        whole = st.toggle(
            "Show every spike in full",
            key="view.whole",
            persist_state="session",
            help="Otherwise a rare spike that has passed may reach beyond the chart, so that it does not flatten the rest of the curve.",
        )
    begun = snapshot.parent.step if snapshot.parent is not None else 0
    since = max([begun, *(edit.step for edit in snapshot.edits)]) if since_edit and edited else 0
    return View(smoothing, x_axis, log_y, whole, since)


def edits(snapshot: Snapshot) -> None:
    """What the numbered flags on the curves mean, the newest first."""
    flagged = figures.flags(snapshot.history, snapshot.edits)[::-1]
    lines = [f"**{flag.number}** step {flag.edits[0].step:,}: {', '.join(map(edit_in_words, flag.edits))}" for flag in flagged]
    st.caption("  \n".join(lines[:_LISTED]))
    if len(lines) > _LISTED:
        with st.popover(f"{len(lines) - _LISTED} earlier", type="tertiary", key="earlier-edits", on_change="rerun"):
            st.caption("  \n".join(lines[_LISTED:]))


_OF_A_WGAN = _Words(
    figures.ESTIMATE,
    "E f(real) − E f(fake): the critic's mean score of real data minus its mean score of generated data. The larger it is, the better the "
    "critic tells them apart. Its scale depends on the critic and on the clip value, so it is not the Wasserstein distance itself: compare "
    "it within one run, or between runs whose critics have the same network and the same constraint.",
    "critic",
    "The critic gives each sample a score f, higher if the sample looks real. The lines show the mean score of the real and of the "
    "generated half of each batch. The gap between them is the Wasserstein estimate.",
    figures.LOSSES,
    "The numbers that the optimisers minimise. Critic loss = −estimate, plus the gradient penalty if there is one. Generator loss = "
    "−E f(G(z)). Adding a constant to the critic's scores shifts the generator loss and changes nothing else, so its level means nothing.",
)
_OF_A_GAN = _Words(
    figures.BOUND,
    "log 2 − (discriminator loss) / 2. The Jensen-Shannon divergence between real and generated data is at least that: 0 if the "
    "discriminator can only guess, log 2 = 0.693 if it is always right. It does not show how good the samples are: a discriminator that is "
    "always right says 0.693 of bad samples and of nearly perfect ones.",
    "discriminator",
    "The discriminator gives each sample a score f: the probability that it is real is 1 / (1 + e⁻ᶠ), so ½ at 0. The lines show the mean "
    "score of the real and of the generated half of each batch.",
    figures.GAN_LOSSES,
    "The numbers that the optimisers minimise. Discriminator loss = −E log D(real) − E log(1 − D(fake)): 1.386 if it can only guess. A "
    "gradient penalty comes on top and is not shown. Generator loss: E log(1 − D(fake)) for minimax, −E log D(fake) for non-saturating. "
    "Neither shows how good the samples are.",
)
_WORDS = {
    "wasserstein": _OF_A_WGAN,
    "least-squares": _Words(
        figures.DISCRIMINATOR_LOSS,
        "½ E (f(real) − 1)² + ½ E f(fake)²: how far the discriminator's scores are from 1 for real and from 0 for generated data. 0.25 if "
        "it can only guess, 0 if it is always right. It measures no distance, and it does not show how good the samples are.",
        "discriminator",
        "The discriminator gives each sample a score f, which is to be 1 for real and 0 for generated data. The lines show the mean score "
        "of the real and of the generated half of each batch.",
        figures.GENERATOR_LOSS,
        "½ E (f(G(z)) − 1)²: what the generator's optimiser lowers, to bring the scores of its samples to 1. It does not show how good the "
        "samples are.",
    ),
    "hinge": _Words(
        figures.DISCRIMINATOR_LOSS,
        "E max(0, 1 − f(real)) + E max(0, 1 + f(fake)): how far the discriminator's scores fall short of 1 for real and of −1 for "
        "generated data. 2 if it can only guess, 0 if it is always right. It measures no distance, and it does not show how good the "
        "samples are.",
        "discriminator",
        "The discriminator gives each sample a score f, which is to be above 1 for real and below −1 for generated data. The lines show "
        "the mean score of the real and of the generated half of each batch.",
        figures.GENERATOR_LOSS,
        "−E f(G(z)): what the generator's optimiser lowers, to raise the scores of its samples. Its level means little.",
    ),
}
"""By objective; the others have those of `_OF_A_GAN`."""
