"""One run on the Train page: its controls, pictures and curves, for a run of this process or one read from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.train import pictures
from pages.parts.train.advice_cards import advice_line
from pages.parts.train.controls import may_steer, steering, title_of, toolbar
from pages.parts.train.curves_view import edits, estimate_curve, other_curves
from pages.parts.train.diagnosis_view import diagnosis
from pages.parts.train.epochs import epoch_in_words
from pages.parts.train.export_view import export_view
from pages.parts.train.facts import head
from pages.parts.train.forecast import expected_seconds
from pages.parts.train.go_back import offer, ways_after_failure
from pages.parts.train.lights import lights
from pages.parts.train.past_view import then_of
from pages.parts.train.time_view import time_view
from pages.shared import data_place
from pages.shared.page_address import write_address
from pages.shared.people import refused
from pages.shared.problems import problem_text, show_problem
from pages.shared.run_time import folder_of, past_of
from pages.shared.schedules import by_schedule
from pages.shared.server import exclude_loaded_from_gc, run_manager
from pages.shared.settings import link_to
from pages.shared.snapshots import newest_snapshot
from pages.shared.text import counted, duration
from pages.shared.viewers import seconds_between_looks
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.catalog import DATASETS
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import NoRun, StoreError
from wgan_core.training.device import resolve_device
from wgan_core.training.gpu_use import gpu_use

_STYLE = Path(__file__).with_name("run_view.css")


def run_view(run_id: str) -> None:
    """The whole view of a run."""
    try:
        snapshot = newest_snapshot(run_id)
    except StoreError as error:
        moved = " The run may have been deleted or moved." if isinstance(error, NoRun) else ""
        show_problem(f"{error}{moved}", icon=":material/folder_off:")
        if st.button("Set up a new run", icon=":material/add:"):
            _leave()
        return
    st.html(_STYLE)
    trained_here = _is_trained_here(run_id)
    with st.container(gap="xxsmall", key="run-page"):
        wanted = head(snapshot)
        if wanted is not None:
            _leave(wanted)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-top"):
            toolbar(snapshot, trained_here=trained_here)
            progress = st.container(key="run-progress")
        time = st.container(key="run-time")
        places = _lay_out(snapshot, progress, time)
    st.session_state["run-shown"] = _rerun_key(snapshot)
    if places.knobs is not None:
        with places.knobs:
            steering(snapshot, trained_here=trained_here and may_steer(run_id))
    if snapshot.status not in ("queued", "loading") and (snapshot.saved_steps or snapshot.step):  # else the run has no folder
        export_view(run_id)
    places = places._replace(messages=st.container(key="run-messages"))
    st.fragment(_live, run_every=_poll_interval(snapshot))(run_id, places)


def _is_trained_here(run_id: str) -> bool:
    return run_manager().get(run_id) is not None


def _poll_interval(snapshot: Snapshot) -> float | None:
    """Seconds between two updates of the page, or None if the run cannot change any more."""
    if snapshot.ended:
        return None
    return seconds_between_looks(snapshot.run_id) if snapshot.status in ("running", "loading") else 2.0


def _rerun_key(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.status, snapshot.config, _poll_interval(snapshot)


def _leave(config: TrainConfig | None = None) -> None:
    """Go to the set-up form, filled in with `config`."""
    st.session_state.pop("train-run", None)
    if config is not None:
        data_place.trust(config.data_root)
    write_address(link_to(config) if config is not None else {})
    st.rerun()


class _Places(NamedTuple):
    """The containers for the part of the page that is redrawn every second."""

    progress: DeltaGenerator
    time: DeltaGenerator
    lights: DeltaGenerator | None
    estimate: DeltaGenerator | None
    pictures: pictures.Places | None
    curves: DeltaGenerator | None
    scores: DeltaGenerator | None
    knobs: DeltaGenerator | None
    edits: DeltaGenerator | None
    diagnosis: DeltaGenerator | None
    """The Diagnosis tab, if it is open. In that case the others are not."""
    messages: DeltaGenerator | None = None
    """At the end of the page, and in sight wherever the page is."""


def _lay_out(snapshot: Snapshot, progress: DeltaGenerator, time: DeltaGenerator) -> _Places:
    """Create the containers, and draw the real images in theirs: these never change, so they are sent only once."""
    training, health = st.tabs(("Training", "Diagnosis"), key="view.tab", on_change="rerun")
    if health.open:
        return _Places(progress, time, None, None, None, None, None, None, None, health)
    with training:
        left, right = st.columns(2, gap="medium")
        with right:
            lights, estimate, knobs, changes = (st.container() for _ in range(4))
        lower_left, lower_right = st.columns(2, gap="medium")
        places = pictures.lay_out(snapshot, left, lower_left)
        with lower_right:
            scores = st.container()
        with right if snapshot.ended else lower_left:  # a run that has ended has no knobs, so there is room beside the samples
            curves = st.container()
        return _Places(progress, time, lights, estimate, places, curves, scores, knobs, changes, None)


def _live(run_id: str, places: _Places) -> None:
    """The part of the page that is redrawn every second while the run is active."""
    try:
        snapshot = newest_snapshot(run_id)
    except StoreError:
        st.rerun()
    if _rerun_key(snapshot) != st.session_state.get("run-shown"):
        st.rerun()  # redraw the whole page once, so that the buttons and settings above change too
    trained_here = _is_trained_here(run_id) and may_steer(run_id)
    with places.time:
        st.empty()  # a fragment may fill only what it has written to in the page's own run
        past = past_of(snapshot, folder_of(run_id))
        then = then_of(snapshot, past, time_view(snapshot, past))
    with places.progress:
        _progress(snapshot)
    if places.messages is not None:
        with places.messages:
            st.empty()  # a fragment may fill only what it has written to in the page's own run
            _messages(snapshot)
            if places.diagnosis is None:  # that tab shows all advice itself
                advice_line(snapshot, trained_here=trained_here, past=then is not None)
    if places.diagnosis is not None:
        with places.diagnosis:
            diagnosis(snapshot, then, trained_here=trained_here)
        return
    assert places.lights and places.estimate and places.pictures and places.curves and places.scores and places.edits
    with places.estimate:
        view = estimate_curve(snapshot, past=then is not None)
    with places.edits:
        edits(snapshot)
    pictures.draw(snapshot, places.pictures, past, then)
    with places.curves:
        other_curves(snapshot, view, past=then is not None)
    with places.scores:
        pictures.score_histogram(snapshot, then)
    with places.lights:
        lights(snapshot if then is None else then.measured(), past=then is not None)  # may have to measure
    if snapshot.status == "running":
        exclude_loaded_from_gc()


def _messages(snapshot: Snapshot) -> None:
    if snapshot.error:
        show_problem(snapshot.error)
        if snapshot.status == "failed" and (ways := ways_after_failure(snapshot)):
            with st.container(horizontal=True, key="go-back"):
                for place, way in enumerate(ways):
                    offer(snapshot, way, f"go-back-after-failure-{place}")
    if snapshot.notice and snapshot.status != "loading":  # then it says how far the loading is
        st.warning(problem_text(snapshot.notice), icon=":material/warning:")


def _progress(snapshot: Snapshot) -> None:
    config = snapshot.config
    if snapshot.status == "queued":
        _place_in_queue(snapshot)
        return
    if snapshot.status == "loading":
        words = f"Loading {DATASETS[config.dataset].title} and building the networks …"
        st.progress(min(1.0, snapshot.loaded), text=problem_text(snapshot.notice) or words)
        return
    parts = [
        f"Step {snapshot.step:,} of {config.max_steps:,}",
        *epoch_in_words(snapshot),
        counted(snapshot.generator_updates, "generator update"),
    ]
    if snapshot.status == "running" and snapshot.steps_per_second:
        kind, speed = DATASETS[config.dataset].kind, snapshot.steps_per_second
        parts.append(f"{_rounded(speed)} steps/s, {_rounded(speed * config.batch_size)} {kind}/s")
        parts.append(f"{duration(snapshot.seconds_left or 0)} left")
    parts += by_schedule(config, snapshot.step, snapshot.generator_updates)
    if snapshot.status == "running" and (gpu := _gpu_in_words(config)):
        parts.append(gpu)
    st.progress(min(1.0, snapshot.step / config.max_steps), text=" · ".join(parts))


def _rounded(number: float) -> str:
    """With two digits at least: 0.47, 3.1, 1,204."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _gpu_in_words(config: TrainConfig) -> str:
    """Memory and use of the GPU that the run trains on; "" if there is none."""
    try:
        use = gpu_use(resolve_device(config.device))
    except (ConfigError, RuntimeError):  # a run of another machine, or a driver that does not answer
        return ""
    if use is None:
        return ""
    busy = "" if use.busy is None else f", {use.busy:.0%} busy"
    return f"GPU memory {use.taken_bytes / 2**30:.1f} of {use.total_bytes / 2**30:.0f} GiB{busy}"


def _until_its_turn(ahead: list[Snapshot]) -> str:
    """The time until a queued run begins, as far as it is known: what the first one still needs, and the whole of those that wait."""
    first, *others = ahead
    times = [first.seconds_left if first.status == "running" else expected_seconds(first.config)]
    times += [expected_seconds(one.config) for one in others]
    known = [time for time in times if time is not None]
    if not others or not known:
        return ""
    return f" Its turn comes in {'about' if len(known) == len(times) else 'more than'} {duration(sum(known))}."


def _start_now(run_id: str) -> None:
    if not refused("steer", run_id):
        run_manager().start_now(run_id)


def _place_in_queue(snapshot: Snapshot) -> None:
    """Which runs a queued run waits for, and how long, as far as that is known."""
    manager = run_manager()
    ahead = manager.ahead_of(snapshot.run_id)
    kept = manager.waited_before(snapshot.run_id)
    if not ahead:
        why = "It waited when the playground was last closed, and kept its place." if kept else "The run before this one is paused."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/hourglass_top: {why} Nothing trains on the device now.", width="content")
            st.button("Start now", icon=":material/play_arrow:", on_click=_start_now, args=(snapshot.run_id,))
        return
    first, *others = [run.snapshot for run in ahead]
    left = f", about {duration(first.seconds_left)} left" if first.seconds_left else ""
    before = [f"{title_of(first)} ({first.status}{left})", *map(title_of, others)]
    words = f"Number {len(ahead)} in the queue. Before it: {'; '.join(before)}.{_until_its_turn([first, *others])}"
    st.progress(0.0, text=f"{words} It has kept its place since before the playground was last closed." if kept else words)
