"""The Diagnosis tab of a run: three answers, advice in words, and what the instruments have measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.train.advice_cards import advice_cards
from pages.parts.train.controls import send_command
from pages.parts.train.past_view import Then, about_the_past
from pages.shared.lights import LIGHTS
from pages.shared.run_time import cursor_of
from pages.shared.text import inert
from wgan_core.config import is_wasserstein
from wgan_core.figures import health as health_figures
from wgan_core.instruments.advice import KEPT_UP
from wgan_core.instruments.answers import IN_A_WORD, answers
from wgan_core.runs.messages import CheckLag, MeasureAll, Snapshot
from wgan_core.store.readings import (
    DISTANCES,
    KINDS,
    Reading,
    cost_of_looks,
    memory_noise,
    newest,
    of_key,
    share_of_training,
    value_in_words,
)

log = logging.getLogger(__name__)

_HEIGHT_PX = 300
_ALSO = ("diversity", "modes", "movement", "nearest", "mode-gap")


def diagnosis(snapshot: Snapshot, then: Then | None, *, trained_here: bool) -> None:
    """The whole tab: three answers, what to do, and folded below them what every instrument has measured.

    then: the step under the cursor, if that is in the past. Then the tab is about that step, and only the curves show all of the run.
    """
    if then is not None:
        about_the_past(then)
    there = snapshot if then is None else then.measured()
    _answers(there)
    advice_cards(there, trained_here=trained_here and then is None)
    if then is None:
        _measure_all(snapshot, trained_here)
    # Streamlit forgets it while the other tab is open.
    if "view.instruments" not in st.session_state:
        st.session_state["view.instruments"] = st.session_state.get("instruments-open", False)
    box = st.expander(
        "What the instruments have measured", icon=":material/monitoring:", key="view.instruments", on_change="rerun", width="stretch"
    )
    st.session_state["instruments-open"] = box.open
    if box.open:
        with box:
            _instruments(snapshot, there, trained_here and then is None)


def _instruments(snapshot: Snapshot, there: Snapshot, trained_here: bool) -> None:
    """there: the run at the step that the numbers are about."""
    now = newest(there.readings)
    left, right = st.columns(2, gap="large")
    with left:
        _drawn(_distance, snapshot, there.step)
    with right:
        _drawn(_slopes, snapshot, now.get("critic-health"))
    left, right = st.columns(2, gap="large")
    with left:
        _drawn(_boundary, there, now.get("critic-health"))
    with right:
        _drawn(_depth, there, now.get("critic-health"))
    left, right = st.columns(2, gap="large")
    with left:
        _drawn(_lag, there, now.get("critic-lag"), trained_here)
        _drawn(_memory, snapshot, now.get("overfit-gap"))
    with right:
        _drawn(_classes, there, now.get("classes"))
        _drawn(_right_classes, there, now.get("class-accuracy"))
        _drawn(_single_numbers, there, now)
    _cost(snapshot)


def _drawn(part: Callable[..., None], *arguments: Any) -> None:
    """Draw a part. A reading of a damaged or an other version's file may lack what its figure needs; then the other parts still appear."""
    try:
        part(*arguments)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        log.exception("a part of the diagnosis cannot be drawn: %s", part.__name__)
        st.caption("This cannot be drawn: the run's file of measurements lacks a part of it.")


def _answers(snapshot: Snapshot) -> None:
    for place, answer in zip(st.columns(3), answers(snapshot), strict=True):
        with place.container(border=True, height="stretch"):
            st.markdown(f"**{answer.question}**")
            colour, icon = LIGHTS[answer.state]
            st.badge(IN_A_WORD[answer.state], icon=icon, color=colour)
            st.markdown(answer.text)


def _measure_all(snapshot: Snapshot, trained_here: bool) -> None:
    if not trained_here or snapshot.status not in ("running", "paused"):
        return
    if st.button(
        "Measuring …" if snapshot.measuring_all else "Measure everything now",
        icon=":material/straighten:",
        key="measure-all",
        disabled=snapshot.measuring_all,
        type="tertiary",
        help="Run every instrument on the networks of the current step. This takes a few seconds and does not count towards the "
        f"instruments' budget. Otherwise the instruments may use {snapshot.config.instruments_budget:g} % of the run's training time, so "
        "the slow ones run rarely.",
    ):
        send_command(snapshot.run_id, MeasureAll())
        # Not in a callback, where Streamlit warns of what a fragment shows. The numbers may be there within seconds, or even sooner.
        st.toast("Measuring everything. The numbers will appear within seconds.", icon=":material/straighten:")


def _titled(title: str, meaning: str, readings: Sequence[Reading], *, unit: bool = True) -> None:
    """A heading with a tooltip that says what was measured, and how. unit: whether what is shown has the readings' unit."""
    st.markdown(f"**{title}**", help=f"{meaning}\n\n{_how_measured(readings, unit=unit)}" if readings else meaning)


def _how_measured(readings: Sequence[Reading], *, unit: bool = True) -> str:
    """How the newest reading was measured: number of samples, unit, mode, duration and interval."""
    last = readings[-1]
    parts = [f"Step {last.step:,}: n = {last.n:,} samples"]
    if last.unit and unit:
        parts.append(f"unit: {last.unit}")
    if last.reference:
        parts.append(f"compared with {'held-out data' if last.reference == 'held-out' else 'training data (there is no held-out data)'}")
    parts.append(f"BatchNorm in {last.mode} mode")
    parts.append(f"took {last.seconds:.2g} s")
    times = np.diff([reading.trained for reading in readings[-6:]])
    gaps = times[times > 0]
    if len(gaps):
        parts.append(f"measured about every {float(np.median(gaps)):.2g} s")
    return inert("; ".join(parts) + ".")


def _not_measured_yet(what: str) -> None:
    st.caption(f"{what} not been measured yet.")


def _distance(snapshot: Snapshot, at: int) -> None:
    """at: the step that the number is about."""
    there = [key for key in DISTANCES if any(reading.key == key for reading in snapshot.readings)]
    if not there or there[0] not in DISTANCES[:2]:  # the other distances are only offered beside the first one for images or points
        st.markdown("**How far from real data**", help=KINDS["sliced-w1"].meaning)
        _not_measured_yet("The distance has")
        return
    key = st.session_state.get("view.truth") or there[0]
    key = key if key in there else there[0]
    readings = of_key(snapshot.readings, key)
    known = [one for one in readings if one.step <= at]
    last = known[-1] if known else readings[0]
    meaning = (
        f"{KINDS[key].meaning} The curve shows the excess over the floor. The floor is the distance between two sets of real data of the "
        "same size n, so at the dashed line the samples are as good as real ones. Inside the noise band a difference is only chance. Lower "
        "is better."
    )
    if key == "fd-cnn":
        facts = last.details
        meaning += f" The classifier ({str(facts.get('classifier', ''))[:8]}) is right on {facts.get('accuracy') or 0:.0%} of real images."
    _titled(f"How far from real data: {KINDS[key].title}", meaning, readings)
    if len(there) > 1:
        titles = {key: KINDS[key].title for key in there}
        st.segmented_control(
            "Measured by", there, default=there[0], format_func=titles.__getitem__, key="view.truth", label_visibility="collapsed"
        )
    if last.excess is not None:
        st.caption(
            f"{KINDS[key].title} at step {last.step:,}: {value_in_words(last)}, which is {last.excess:.3g} above real data "
            f"(n = {last.n:,})."
        )
    words = f"{KINDS[key].title} over the steps, as excess over its floor; at step {last.step:,} {last.excess or 0:.4g}"
    revision, cursor = f"{snapshot.run_id}-{key}", cursor_of(snapshot.run_id)
    live_chart(health_figures.truth(readings), key="chart-truth", alt=words, height=_HEIGHT_PX, revision=revision, cursor=cursor)


_SLOPES = (
    "How steep the critic is at single samples: the norm of its gradient at real samples, at generated ones, and at random points between "
    "them. The line is the median, the band holds the middle 90 %. The gradient of a 1-Lipschitz critic is at most 1 everywhere; a clipped "
    "critic has a constant K of its own instead. K_emp ≤ K ≤ K_spec ≤ K_box: K_emp is the steepest slope found, K_spec is the product of "
    "the layers' spectral norms, and K_box is what that product could be with all weights at ±c."
)


def _slopes(snapshot: Snapshot, last: Reading | None) -> None:
    readings = of_key(snapshot.readings, "critic-health")
    _titled("How steep the critic is", _SLOPES, readings)
    if last is None:
        _not_measured_yet("The critic has")
        return
    bounds = last.details.get("bounds", {})
    st.caption(_bounds_in_words(bounds))
    if which := last.details.get("class"):
        st.caption(inert(f"The critic is told the class: this is about its scores of the class {which}, which has the most samples."))
    live_chart(
        health_figures.slopes(readings),
        key="chart-slopes",
        alt=f"Gradient norms of the critic over the steps. {_bounds_in_words(bounds)}",
        height=_HEIGHT_PX,
        revision=snapshot.run_id,
        cursor=cursor_of(snapshot.run_id),
    )


def _bounds_in_words(bounds: dict[str, dict[str, object]]) -> str:
    """The Lipschitz constants, with a reason for each one that is undefined."""
    titles = {"empirical": "steepest slope (K_emp)", "spectral": "K_spec", "box": "K_box"}
    parts, reasons = [], []
    for name, title in titles.items():
        bound = bounds.get(name, {})
        if isinstance(value := bound.get("value"), (int, float)):
            parts.append(f"{title} {value:.3g}")
        elif bound.get("reason"):
            reasons.append(f"No {title}: {bound['reason']}")
    display = bounds.get("display_w1", {}).get("value")
    if isinstance(display, (int, float)):
        parts.append(f"estimate / K_emp {display:.3g} (in the unit of W1; for comparison only, not a bound)")
    found = " · ".join(parts)
    return inert(" ".join((*([f"{found[0].upper()}{found[1:]}."] if parts else []), *dict.fromkeys(reasons))))


def _boundary(snapshot: Snapshot, last: Reading | None) -> None:
    clipped = snapshot.config.lipschitz == "clip"
    _titled(
        "The critic's weights and the clip boundary" if clipped else "The critic's weights",
        "A histogram of each layer's weights, without biases."
        + (
            " The dashed lines are the clip boundary ±c, and the percentage is the share of weights within 1 % of it. The last layer's "
            "weights usually end up there. If a hidden layer's do, it has little room to learn. PyTorch's default weights are mostly "
            "clipped by the very first update."
            if clipped
            else ""
        ),
        [last] if last is not None else [],
        unit=False,  # the reading's own is that of the slopes
    )
    if last is None or not last.details.get("layers"):
        _not_measured_yet("The weights have")
        return
    c = snapshot.config.clip_value if clipped else None
    layers = last.details["layers"]
    if c is not None:
        st.caption(f"c = {c:g}. The bars show shares of the layer's weights at step {last.step:,}.")
    if c is not None and any(layer.get("clip_value") not in (None, c) for layer in layers):
        st.caption("c has been changed since then. The percentages still refer to the old c until the next measurement.")
    shares = ", ".join(f"{layer['name']} {layer['at_boundary']:.0%}" for layer in layers if layer.get("at_boundary") is not None)
    share = shares or "none, because nothing is clipped"
    words = f"Histograms of the critic's weights at step {last.step}. Share at the clip boundary: {share}."
    live_chart(
        health_figures.clip_boundary(layers, c), key="chart-boundary", alt=words, height=_HEIGHT_PX, revision=f"{snapshot.run_id}-{c}"
    )


def _depth(snapshot: Snapshot, last: Reading | None) -> None:
    _titled(
        "Gradient by depth",
        "How large the loss's gradient is at the input of each layer, from the latent on the left to the score on the right (computed in "
        "float64). In training the gradient flows from right to left. If the line falls by decades (factors of 10) towards the left, the "
        "gradient vanishes. If it rises that way, the gradient explodes.",
        [last] if last is not None else [],
        unit=False,  # the reading's own is that of the slopes
    )
    if last is None or not last.details.get("depth"):
        _not_measured_yet("The gradients have")
        return
    depth = last.details["depth"]
    slope = depth["critic"].get("slope")
    words = (
        "" if slope is None else f"In the critic the gradient changes by {slope:+.2f} decades per layer toward the input.".replace("-", "−")
    )
    if words:
        st.caption(words)
    alt = f"Gradient norm at each layer at step {last.step}. {words}"
    live_chart(health_figures.gradient_depth(depth), key="chart-depth", alt=alt, height=_HEIGHT_PX, revision=snapshot.run_id)


def _lag(snapshot: Snapshot, last: Reading | None, trained_here: bool) -> None:
    if not is_wasserstein(snapshot.config):
        return  # a discriminator has no estimate that could lag
    _titled(
        "Is the critic lagging?",
        "A copy of the critic trains for 200 more updates while the generator stands still. The run itself is not changed. If the copy "
        "finds a much larger distance (estimate divided by the steepest slope, in the unit of W1), the critic lags behind the generator. "
        "This takes about as long as 200 critic updates and does not count towards the instruments' budget. The answer is saved in the "
        "run's ledger.",
        [last] if last is not None else [],
    )
    possible = trained_here and snapshot.status in ("running", "paused") and not snapshot.checking_lag
    st.button(
        "Checking …" if snapshot.checking_lag else "Check for lag",
        icon=":material/timer:",
        key="check-lag",
        on_click=send_command,
        args=(snapshot.run_id, CheckLag()),
        disabled=not possible,
    )
    if last is None:
        st.caption(
            "Not checked yet." if possible or snapshot.checking_lag else "This can be checked only while the run trains in this program."
        )
        return
    seen = health_figures.seen_by_the_critic(last.details)
    words = _lag_in_words(last)
    st.caption(inert(words))
    figure = health_figures.critic_lag(last.details["updates"], seen)
    live_chart(figure, key="chart-lag", alt=words, height=230, revision=f"{last.step}")


def _lag_in_words(last: Reading) -> str:
    before, after = last.details["before"], last.details["after"]
    more = last.details["updates"][-1]
    words = f"At step {last.step:,} the critic found a distance of {before:.3g}; after {more} more updates, {after:.3g}"
    if last.value is None:
        return f"{words}. It found no distance either time, so nothing can be said about its lag."
    if last.value <= 0:
        return f"{words}. At first it had found none of this distance."
    return f"{words}. It had found {last.value:.0%} of this distance, so it {'keeps up' if last.value >= KEPT_UP else 'lags behind'}."


def _memory(snapshot: Snapshot, last: Reading | None) -> None:
    """last: the newest reading at the step that the numbers are about."""
    kind = KINDS["overfit-gap"]
    if last is None:
        if snapshot.config.dataset == "image-folder":
            st.markdown(f"**{kind.title}**", help=kind.meaning)
            st.caption("Not measured. It needs pictures that are not trained on: sort yours into a folder train and a folder test.")
        return
    readings = of_key(snapshot.readings, "overfit-gap")
    _titled(f"{kind.title}: {value_in_words(last)}", kind.meaning, readings)
    st.caption(memory_in_words(last))
    if memory_noise(last) is not None:
        live_chart(
            health_figures.memory(readings),
            key="chart-memory",
            alt=f"{kind.title}: {value_in_words(last)}",
            height=200,
            revision=snapshot.run_id,
        )


def memory_in_words(last: Reading) -> str:
    """What the reading means, in a sentence."""
    noise, count = memory_noise(last), last.details.get("training")
    if last.value is None or noise is None or last.details.get("estimate", 0) <= 0:
        return "Nothing can be said while the estimate is not above 0."
    of = f"the {count:,} training samples" if count else "the training samples"
    if abs(last.value) <= noise:
        return f"At step {last.step:,} the critic judges {of} and held-out ones alike, within the noise."
    if last.value < 0:
        return f"At step {last.step:,} it scores held-out samples higher than {of}: no sign of learning by heart."
    much = "most" if last.value > 0.5 else "a part"
    return f"At step {last.step:,} {much} of the estimate is that the critic knows {of}."


def _classes(snapshot: Snapshot, last: Reading | None) -> None:
    if last is None:
        return
    facts = last.details
    meaning = inert(
        f"{KINDS['classes'].meaning} The classifier ({str(facts['classifier'])[:8]}) was trained here and is right on "
        f"{facts['accuracy']:.0%} of {facts['tested_on']}. It is confident about {facts['confident']:.0%} of the generated images, and "
        f"about {facts['real_confident']:.0%} of real ones."
    )
    _titled(f"Classes covered: {value_in_words(last)}", meaning, of_key(snapshot.readings, "classes"))
    figure = health_figures.classes(facts["names"], facts["shares"], facts["real_shares"])
    live_chart(figure, key="chart-classes", alt=f"Classes covered: {value_in_words(last)}", height=230, revision=snapshot.run_id)


def _right_classes(snapshot: Snapshot, last: Reading | None) -> None:
    """For each class, how many of the images that should show it do."""
    if last is None:
        return
    facts = last.details
    meaning = f"{KINDS['class-accuracy'].meaning} The classifier is right on {facts['accuracy']:.0%} of real images."
    _titled(f"Right class: {value_in_words(last)}", meaning, of_key(snapshot.readings, "class-accuracy"))
    figure = health_figures.right_classes(facts["names"], facts["right"], facts["accuracy"])
    live_chart(figure, key="chart-right-classes", alt=f"Right class: {value_in_words(last)}", height=230, revision=snapshot.run_id)


def _single_numbers(snapshot: Snapshot, now: dict[str, Reading]) -> None:
    """Show the single numbers side by side."""
    there = [now[key] for key in _ALSO if key in now]
    if not there:
        return
    with st.container(horizontal=True):
        for reading in there:
            kind = KINDS[reading.key]
            how = _how_measured(of_key(snapshot.readings, reading.key))
            if (near := reading.details.get("high_quality")) is not None:
                how = f"{near:.0%} of the points lie within three standard deviations of a mode (real points: 99 %).\n\n{how}"
            st.metric(kind.title, value_in_words(reading), help=f"{kind.meaning}\n\n{how}", width="content")


def _cost(snapshot: Snapshot) -> None:
    share = share_of_training(snapshot.readings)
    if share is None:
        return
    budget = snapshot.config.instruments_budget
    ahead = ", and they are ahead of it early in a run" if share > budget / 100 and not snapshot.ended else ""
    last = cost_of_looks(snapshot.readings, snapshot.step) if snapshot.ended else 0.0
    end = f" The last look, at the end of the run, took {last:.2g} s more." if last else ""
    st.caption(
        f"The instruments have used {share:.1%} of the training time so far. Their budget is {budget:g} % of the whole run{ahead}.{end}"
    )
