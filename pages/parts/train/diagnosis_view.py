"""The Diagnosis tab of a run: advice in words, and what the instruments have read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.train.controls import send_command
from wgan_core.config import SETTINGS
from wgan_core.figures import health as health_figures
from wgan_core.instruments.advice import KEPT_UP, SETTLED, WARMED_UP
from wgan_core.runs.messages import CheckLag, MeasureAll, Snapshot
from wgan_core.store.readings import DISTANCES, KINDS, Reading, advice_in, newest, of_key, share_of_training, value_in_words

_HEIGHT = 300
_ALSO = ("diversity", "modes", "movement", "nearest", "mode-gap", "overfit-gap")


def advice_line(snapshot: Snapshot) -> None:
    """How much advice there is, in one line; nothing where there is none."""
    warnings = sum(one.get("level") == "warning" for one in advice_in(snapshot.readings))
    if warnings:
        what = "One warning" if warnings == 1 else f"{warnings} warnings"
        st.markdown(f":orange[:material/stethoscope: {what} about this run: see the tab Diagnosis.]")


def diagnosis(snapshot: Snapshot, *, trained_here: bool) -> None:
    """The whole tab."""
    _advice(snapshot)
    _measure_all(snapshot, trained_here)
    now = newest(snapshot.readings)
    left, right = st.columns(2, gap="large")
    with left:
        _truth(snapshot)
    with right:
        _slopes(snapshot, now.get("critic-health"))
    left, right = st.columns(2, gap="large")
    with left:
        _boundary(snapshot, now.get("critic-health"))
    with right:
        _depth(snapshot, now.get("critic-health"))
    left, right = st.columns(2, gap="large")
    with left:
        _lag(snapshot, now.get("critic-lag"), trained_here)
    with right:
        _classes(snapshot, now.get("classes"))
        _also(snapshot, now)
    _cost(snapshot)


def _advice(snapshot: Snapshot) -> None:
    found = advice_in(snapshot.readings)
    for one in found:
        info = SETTINGS.get(str(one.get("setting")))
        control = f" *Setting: {info.label}{'' if info.live else ' (new run)'}.*" if info is not None else ""
        (st.warning if one.get("level") == "warning" else st.info)(f"{one['text']}{control}", icon=":material/lightbulb:")
    if not snapshot.readings:
        _nothing_yet(snapshot)
    elif not found and (early := _too_early(snapshot)):
        st.info(f"Too early to tell: {early}. {_how_old(snapshot)}", icon=":material/hourglass_top:")
    elif not found:
        st.success(
            f"Nothing stands out: no instrument found anything that is known to go wrong. {_how_old(snapshot)}",
            icon=":material/check_circle:",
        )


def _measure_all(snapshot: Snapshot, trained_here: bool) -> None:
    if not trained_here or snapshot.status not in ("running", "paused"):
        return
    st.button(
        "Measuring …" if snapshot.measuring_all else "Measure everything now",
        icon=":material/straighten:",
        key="measure-all",
        on_click=_ask_for_all,
        args=(snapshot.run_id,),
        disabled=snapshot.measuring_all,
        type="tertiary",
        help="Every instrument reads the networks as they are at this step, now and beside the budget: a few seconds of computing. "
        f"By itself each comes when {snapshot.config.instruments_budget:g} % of training time have paid for it, the costly ones late.",
    )


def _ask_for_all(run_id: str) -> None:
    send_command(run_id, MeasureAll())
    st.toast("Measuring everything: the numbers below follow within seconds.", icon=":material/straighten:")  # may be over in less than one


def _too_early(snapshot: Snapshot) -> str:
    """Which rules have not been able to speak yet, in words; "" where all have."""
    now = newest(snapshot.readings)
    critic = now["critic-health"].step if "critic-health" in now else 0
    updates = max((now[key].generator_updates for key in DISTANCES if key in now), default=0)
    silent = []
    if critic < WARMED_UP:
        silent.append(f"the critic's weights and slopes say something from critic update {WARMED_UP:,} on")
    if updates < SETTLED:
        silent.append(f"missing modes and samples too alike do from generator update {SETTLED:,} on")
    return ", and ".join(silent)


def _how_old(snapshot: Snapshot) -> str:
    """At which steps it was last looked at: a run may have gone far since."""
    now = newest(snapshot.readings)
    distances = [now[key].step for key in DISTANCES if key in now]
    looked = [("the critic", now["critic-health"].step if "critic-health" in now else None), ("distances", max(distances, default=None))]
    return f"Last look: {', '.join(f'{what} at step {step:,}' if step is not None else f'{what} not yet' for what, step in looked)}."


def _nothing_yet(snapshot: Snapshot) -> None:
    if snapshot.ended:
        st.info("Nothing was measured in this run: it was too short, or its instruments were off.", icon=":material/info:")
    elif snapshot.config.instruments_budget == 0:
        st.info("The instruments are off. Raise “Instruments at most” among the settings above.", icon=":material/info:")
    else:
        st.info("The first measurements appear within seconds of training.", icon=":material/hourglass_top:")


def _titled(title: str, meaning: str, readings: Sequence[Reading]) -> None:
    """A heading whose help tells how it was measured."""
    st.markdown(f"**{title}**", help=f"{meaning}\n\n{_how(readings)}" if readings else meaning)


def _how(readings: Sequence[Reading]) -> str:
    """n, unit, mode, cost and how often, of the newest."""
    last = readings[-1]
    parts = [f"Step {last.step:,}: n = {last.n:,}"]
    if last.unit:
        parts.append(f"unit: {last.unit}")
    if last.reference:
        parts.append(f"compared with {'held-out data' if last.reference == 'held-out' else 'training data (there are no held-out ones)'}")
    parts.append(f"BatchNorm in {last.mode} mode")
    parts.append(f"took {last.seconds:.2g} s")
    times = np.diff([reading.trained for reading in readings[-6:]])
    gaps = times[times > 0]
    if len(gaps):
        parts.append(f"measured about every {float(np.median(gaps)):.2g} s")
    return "; ".join(parts) + "."


def _wait(what: str) -> None:
    st.caption(f"{what} not been measured yet.")


def _truth(snapshot: Snapshot) -> None:
    there = [key for key in DISTANCES if any(reading.key == key for reading in snapshot.readings)]
    if not there or there[0] not in DISTANCES[:2]:  # the first of each kind of data opens the choice
        st.markdown("**How far from real data**", help=KINDS["sliced-w1"].meaning)
        _wait("The distance has")
        return
    key = st.session_state.get("view.truth") or there[0]
    key = key if key in there else there[0]
    readings = of_key(snapshot.readings, key)
    last = readings[-1]
    meaning = (
        f"{KINDS[key].meaning} Drawn is its excess over the floor: what real data get against other real data at the same n. "
        "At the dashed line the samples are as good as real ones; within the band the difference is noise. Lower is better."
    )
    if key == "fd-cnn":
        facts = last.details
        meaning += f" Classifier {str(facts.get('classifier', ''))[:8]}, right on {facts.get('accuracy') or 0:.0%} of real images."
    _titled(f"How far from real data: {KINDS[key].title}", meaning, readings)
    if len(there) > 1:
        titles = {key: KINDS[key].title for key in there}
        st.segmented_control(
            "Measured by", there, default=there[0], format_func=titles.__getitem__, key="view.truth", label_visibility="collapsed"
        )
    if last.excess is not None:
        st.caption(f"{KINDS[key].title} now {value_in_words(last)}: {last.excess:.3g} above real data. Step {last.step:,}, n = {last.n:,}.")
    words = f"{KINDS[key].title} over the steps as excess over its floor, now {last.excess or 0:.4g}"
    live_chart(health_figures.truth(readings), key="chart-truth", alt=words, height=_HEIGHT, revision=f"{snapshot.run_id}-{key}")


_SLOPES = (
    "The norm of the critic's gradient at single samples: real, generated, and at random points between (line: median; band: middle 90 %). "
    "A 1-Lipschitz critic has none above 1; a clipped one has its own scale K. K_emp ≤ K ≤ K_spec ≤ K_box: the steepest slope found, the "
    "product of the layers' spectral norms, and what that could be with all weights at ±c."
)


def _slopes(snapshot: Snapshot, last: Reading | None) -> None:
    readings = of_key(snapshot.readings, "critic-health")
    _titled("How steep the critic is", _SLOPES, readings)
    if last is None:
        _wait("The critic has")
        return
    bounds = last.details.get("bounds", {})
    st.caption(_bounds_in_words(bounds))
    live_chart(
        health_figures.slopes(readings),
        key="chart-slopes",
        alt=f"Gradient norms of the critic over the steps. {_bounds_in_words(bounds)}",
        height=_HEIGHT,
        revision=snapshot.run_id,
    )


def _bounds_in_words(bounds: dict[str, dict[str, object]]) -> str:
    """The constants, and in place of one that is undefined why."""
    titles = {"empirical": "K_emp", "spectral": "K_spec", "box": "K_box"}
    parts, reasons = [], []
    for name, title in titles.items():
        bound = bounds.get(name, {})
        if isinstance(value := bound.get("value"), (int, float)):
            parts.append(f"{title} {value:.3g}")
        elif bound.get("reason"):
            reasons.append(f"No {title}: {bound['reason']}")
    display = bounds.get("display_w1", {}).get("value")
    if isinstance(display, (int, float)):
        parts.append(f"estimate / K_emp {display:.3g} (a display value in the unit of W1, no bound)")
    return " ".join((*([" · ".join(parts) + "."] if parts else []), *dict.fromkeys(reasons)))


def _boundary(snapshot: Snapshot, last: Reading | None) -> None:
    clipped = snapshot.config.lipschitz == "clip"
    _titled(
        "The critic's weights and the clip boundary" if clipped else "The critic's weights",
        "A histogram of each layer's weights, biases left out, with dashed lines at ±c and the share within 1 % of them. The last layer "
        "usually sits there; hidden layers that do have no room to learn. Default weights are mostly clipped at the very first update.",
        [last] if last is not None else [],
    )
    if last is None or not last.details.get("layers"):
        _wait("The weights have")
        return
    c = snapshot.config.clip_value if clipped else None
    layers = last.details["layers"]
    if c is not None:
        st.caption(f"c = {c:g}. Bars: share of the layer's weights, at step {last.step:,}.")
    if c is not None and any(layer.get("clip_value") not in (None, c) for layer in layers):
        st.caption("c has been changed since: the shares are those at the c of that step, and are read anew with the next look.")
    shares = ", ".join(f"{layer['name']} {layer['at_boundary']:.0%}" for layer in layers if layer.get("at_boundary") is not None)
    words = f"Histograms of the critic's weights at step {last.step}. Share at the clip boundary: {shares or 'none, nothing is clipped'}."
    live_chart(health_figures.clip_boundary(layers, c), key="chart-boundary", alt=words, height=_HEIGHT, revision=f"{snapshot.run_id}-{c}")


def _depth(snapshot: Snapshot, last: Reading | None) -> None:
    _titled(
        "The gradient against depth",
        "The norm of the loss's gradient at what goes into each layer, from the latent on the left to the score on the right, in float64. "
        "Training goes from right to left: a line that falls by decades to the left vanishes there, one that rises explodes.",
        [last] if last is not None else [],
    )
    if last is None or not last.details.get("depth"):
        _wait("The gradients have")
        return
    depth = last.details["depth"]
    slope = depth["critic"].get("slope")
    words = "" if slope is None else f"Through the critic: {slope:+.2f} decades per layer toward the input.".replace("-", "−")
    if words:
        st.caption(words)
    alt = f"Gradient norm at each layer at step {last.step}. {words}"
    live_chart(health_figures.gradient_depth(depth), key="chart-depth", alt=alt, height=_HEIGHT, revision=snapshot.run_id)


def _lag(snapshot: Snapshot, last: Reading | None, trained_here: bool) -> None:
    _titled(
        "Is the critic lagging?",
        "A copy of the critic trains on for 200 updates beside the run, with the generator standing still; the run knows nothing of it. "
        "What it finds then and had not found before, it was short of: estimate over steepest slope, in the unit of W1. It costs about as "
        "much as 200 critic updates, beside the budget of the other instruments. The answer is kept in the run's ledger.",
        [last] if last is not None else [],
    )
    possible = trained_here and snapshot.status in ("running", "paused") and not snapshot.checking_lag
    st.button(
        "Looking …" if snapshot.checking_lag else "Is the critic lagging?",
        icon=":material/timer:",
        key="check-lag",
        on_click=send_command,
        args=(snapshot.run_id, CheckLag()),
        disabled=not possible,
    )
    if last is None:
        st.caption("Not asked yet." if possible or snapshot.checking_lag else "Can be asked while the run trains in this program.")
        return
    seen = health_figures.seen_by_the_critic(last.details)
    words = _lag_in_words(last)
    st.caption(words)
    figure = health_figures.critic_lag(last.details["updates"], seen)
    live_chart(figure, key="chart-lag", alt=words, height=230, revision=f"{last.step}")


def _lag_in_words(last: Reading) -> str:
    before, after = last.details["before"], last.details["after"]
    words = (
        f"At step {last.step:,} the critic saw a distance of {before:.3g}, after {last.details['updates'][-1]} more updates of {after:.3g}"
    )
    if last.value is None:
        return f"{words}: nothing then either, so nothing can be told."
    if last.value <= 0:
        return f"{words}: it had found nothing of it."
    return f"{words}: it had found {last.value:.0%} of that, so it {'keeps up' if last.value >= KEPT_UP else 'lags behind'}."


def _classes(snapshot: Snapshot, last: Reading | None) -> None:
    if last is None:
        return
    facts = last.details
    meaning = (
        f"{KINDS['classes'].meaning} The classifier ({str(facts['classifier'])[:8]}) was trained here and is right on "
        f"{facts['accuracy']:.0%} of {facts['tested_on']}; it is sure of {facts['confident']:.0%} of the samples (of real images: "
        f"{facts['real_confident']:.0%})."
    )
    _titled(f"Classes covered: {value_in_words(last)}", meaning, of_key(snapshot.readings, "classes"))
    figure = health_figures.classes(facts["names"], facts["shares"], facts["real_shares"])
    live_chart(figure, key="chart-classes", alt=f"Classes covered: {value_in_words(last)}", height=230, revision=snapshot.run_id)


def _also(snapshot: Snapshot, now: dict[str, Reading]) -> None:
    """Single numbers, side by side."""
    there = [now[key] for key in _ALSO if key in now]
    if not there:
        return
    with st.container(horizontal=True):
        for reading in there:
            kind = KINDS[reading.key]
            how = _how(of_key(snapshot.readings, reading.key))
            if (near := reading.details.get("high_quality")) is not None:
                how = f"{near:.0%} of the points lie within three standard deviations of any mode (of real ones: 99 %).\n\n{how}"
            st.metric(kind.title, value_in_words(reading), help=f"{kind.meaning}\n\n{how}", width="content")


def _cost(snapshot: Snapshot) -> None:
    share = share_of_training(snapshot.readings)
    if share is not None:
        budget = snapshot.config.instruments_budget
        over = ", so the next look waits until they are paid back" if share > budget / 100 and not snapshot.ended else ""
        st.caption(f"The instruments have taken {share:.1%} of training time so far; {budget:g} % are allowed in the long run{over}.")
