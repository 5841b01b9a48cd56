"""One run on the Train page: its controls, curves and pictures. The same for a run of this process and for one read from its folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from pages.components.live_chart import live_chart
from pages.components.live_image import live_image
from pages.parts.train.controls import controls
from pages.parts.train.diagnosis_view import advice_line, diagnosis
from pages.parts.train.export_view import export_view
from pages.parts.train.live_points import live_points
from pages.shared.server import run_manager, spare_what_is_loaded
from pages.shared.settings import link_to
from pages.shared.text import duration, status_badge
from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.messages import Pictures, Snapshot
from wgan_core.store.folder import NoRun, RunFolder, StoreError, run_path
from wgan_core.store.history import COLUMNS, newest

POLL_SECONDS = 1.0
FILL = 4096  # wider than any column, so a picture takes the width of its column


def run_view(run_id: str) -> None:
    """The whole view of a run."""
    try:
        snapshot = look_at(run_id)
    except StoreError as error:
        moved = " The run may have been deleted or moved." if isinstance(error, NoRun) else ""
        st.error(f"{error}{moved}", icon=":material/folder_off:")
        if st.button("Set up a new run", icon=":material/add:"):
            _leave()
        return
    _header(snapshot)
    controls(snapshot, trained_here=_is_here(run_id))
    st.session_state["run-shown"] = _what_rerun_depends_on(snapshot)
    places = _lay_out(snapshot)
    st.fragment(_live, run_every=_poll_interval(snapshot))(run_id, places)
    if snapshot.status not in ("queued", "loading"):  # whose folder is not there yet
        export_view(run_id)


def look_at(run_id: str) -> Snapshot:
    """The newest snapshot of a run of this process, else what its folder tells. Raises StoreError."""
    run = run_manager().get(run_id)
    if run is not None:
        return run.watch()
    path = run_path(run_manager().root, run_id)
    return _from_folder(path, _stamp(path), RunFolder.open(path).is_held())


@st.cache_resource(max_entries=8, show_spinner=False)
def _from_folder(path: Path, stamp: tuple[float, ...], held: bool) -> Snapshot:
    return snapshot_from_folder(RunFolder.open(path))


def _stamp(path: Path) -> tuple[float, ...]:
    """Changes whenever the run folder's contents do."""
    files = [path / name for name in ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "steps", "samples")]
    return tuple(file.stat().st_mtime for file in files if file.exists())


def _is_here(run_id: str) -> bool:
    return run_manager().get(run_id) is not None


def _poll_interval(snapshot: Snapshot) -> float | None:
    """Only what may still change is polled."""
    if snapshot.ended:
        return None
    return POLL_SECONDS if snapshot.status in ("running", "loading") else 2 * POLL_SECONDS


def _what_rerun_depends_on(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.status, snapshot.config


def _leave(config: TrainConfig | None = None) -> None:
    """To the set-up form, filled in with `config`."""
    st.session_state.pop("train-run", None)
    st.query_params.from_dict(link_to(config) if config is not None else {})
    st.rerun()


def _header(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"### {snapshot.run_id} {status_badge(snapshot.status)}", width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.page_link(
                "pages/explore.py", label="Explore its latent space", icon=":material/explore:", query_params={"run": snapshot.run_id}
            )
            if st.button(
                "New run", icon=":material/add:", help="Set up another run, beginning with this one's settings. This one goes on."
            ):
                _leave(snapshot.config)


class _Places(NamedTuple):
    """Where the part that is drawn anew every second puts what it draws."""

    top: DeltaGenerator
    charts: DeltaGenerator
    generated: DeltaGenerator
    averaged: DeltaGenerator
    """Beside `generated`; used in runs that average their generator."""
    below: DeltaGenerator
    diagnosis: DeltaGenerator | None
    """Where the tab Diagnosis is, if it is the one that is open; then nothing else is drawn."""


def _lay_out(snapshot: Snapshot) -> _Places:
    """The places of a run's view, and in it the real images: they never change, so they are sent once and not every second."""
    top = st.container()
    training, health = st.tabs(("Training", "Diagnosis"), key="view.tab", on_change="rerun")
    if health.open:
        return _Places(top, health, health, health, health, health)
    with training:
        return _lay_out_training(snapshot, top)


def _lay_out_training(snapshot: Snapshot, top: DeltaGenerator) -> _Places:
    charts, pictures = st.columns([11, 9], gap="large")
    with pictures:
        averages = snapshot.config.ema_decay > 0
        if snapshot.pictures is None:
            generated, averaged = st.columns(2) if averages else (st.container(), st.container())
            return _Places(top, charts, generated, averaged, st.container(), None)
        if snapshot.pictures.are_points:
            return _Places(top, charts, st.container(), st.container(), st.container(), None)
        generated, beside = st.columns(2)
        averaged, real = (beside, st.columns(2)[0]) if averages else (st.container(), beside)
        with real:
            live_image(
                grid_png(snapshot.run_id, -1, snapshot.pictures.real),
                key="grid-real",
                alt=f"{len(snapshot.pictures.real)} real images",
                caption="Real images",
                width=FILL,
            )
        return _Places(top, charts, generated, averaged, st.container(), None)


def _live(run_id: str, places: _Places) -> None:
    """The part that is drawn anew every second while the run is active."""
    try:
        snapshot = look_at(run_id)
    except StoreError:
        st.rerun()
    if _what_rerun_depends_on(snapshot) != st.session_state.get("run-shown"):
        st.rerun()  # buttons and settings above are drawn anew too, once
    with places.top:
        _messages(snapshot)
        _progress(snapshot)
        advice_line(snapshot)
    if places.diagnosis is not None:
        with places.diagnosis:
            diagnosis(snapshot, trained_here=_is_here(run_id))
        return
    with places.charts:
        _charts(snapshot)
    if snapshot.pictures is None:
        _kept_grids(snapshot, places)
        return
    with places.generated:
        if snapshot.pictures.are_points:
            live_points(snapshot.run_id, snapshot.config.dataset, snapshot.pictures)
        else:
            _generated(snapshot.run_id, snapshot.pictures)
    if snapshot.pictures.averaged is not None:
        with places.averaged:
            _averaged(snapshot, snapshot.pictures.averaged)
    with places.below:
        config = snapshot.config
        mode = ", BatchNorm in eval mode" if config.generator_norm == "batch" else ""
        st.caption(f"The same {len(snapshot.pictures.samples)} latents at every step{mode}.")
        _score_histogram(snapshot.pictures)
    if snapshot.status == "running":
        spare_what_is_loaded()


def _messages(snapshot: Snapshot) -> None:
    if snapshot.error:
        st.error(snapshot.error, icon=":material/error:")
    if snapshot.notice:
        st.warning(snapshot.notice, icon=":material/warning:")


def _progress(snapshot: Snapshot) -> None:
    config = snapshot.config
    if snapshot.status == "queued":
        st.info("This run waits until the one before it has ended.", icon=":material/hourglass_top:")
        return
    if snapshot.status == "loading":
        st.info(f"Loading {DATASETS[config.dataset].title} and building the networks …", icon=":material/downloading:")
        return
    parts = [f"step {snapshot.step:,} of {config.max_steps:,}", f"{snapshot.generator_updates:,} generator updates"]
    if snapshot.status == "running" and snapshot.steps_per_second:
        parts.append(f"{snapshot.steps_per_second:,.0f} steps/s, {snapshot.steps_per_second * config.batch_size:,.0f} {_kind(config)}/s")
        parts.append(f"{duration(snapshot.seconds_left or 0)} left")
    st.progress(min(1.0, snapshot.step / config.max_steps), text=" · ".join(parts))


def _kind(config: TrainConfig) -> str:
    """What the run makes, in words."""
    return DATASETS[config.dataset].kind


def _charts(snapshot: Snapshot) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            0.01,
            key="view.smoothing",
            persist_state="session",
            width=200,
            help="Exponential moving average, as in TensorBoard; the faint line is what was recorded. It begins anew at each edit.",
        )
        x_axis = st.selectbox(
            "Along x", tuple(figures.X_TITLES), format_func=figures.X_TITLES.__getitem__, key="view.x", persist_state="session", width=180
        )
        log_y = st.toggle(
            "Log scale",
            key="view.log",
            persist_state="session",
            help="For the estimate. Losses and scores may be negative, so they stay linear. Values of 0 and below cannot be drawn on it.",
        )
    if not len(snapshot.history):
        st.caption(f"The curves begin at step {snapshot.config.log_every}.")
        return
    last = {name: newest(snapshot.history, name, 0) for name in COLUMNS}
    for name, which, log, height, words in (
        (
            "Wasserstein estimate",
            figures.ESTIMATE,
            log_y,
            300,
            f"Wasserstein estimate by {figures.X_TITLES[x_axis]}, now {last['wasserstein_estimate']:.4g}",
        ),
        (
            "Critic scores",
            figures.SCORES,
            False,
            230,
            f"mean critic score of real data, now {last['real_score']:.4g}, and generated, {last['fake_score']:.4g}",
        ),
        ("Losses", figures.LOSSES, False, 230, f"critic loss, now {last['critic_loss']:.4g}, and generator loss"),
    ):
        st.markdown(f"**{name}**", help=_CHART_HELP[name])
        figure = figures.curves(snapshot.history, which, edits=snapshot.edits, smoothing=smoothing, log_y=log, x_axis=x_axis)
        live_chart(figure, key=f"chart-{name}", alt=words, height=height, revision=f"{snapshot.run_id}-{x_axis}-{log}")


_CHART_HELP = {
    "Wasserstein estimate": "E f(real) − E f(fake): how far apart the critic can hold real and generated data. Larger is farther. Its "
    "scale depends on the clip value and the critic, so it is not the Wasserstein distance itself: compare it within a run only.",
    "Critic scores": "The mean score f of the real and of the generated half of each batch. The estimate is the gap between the two lines.",
    "Losses": "What the optimisers minimise. Critic loss = −estimate. Generator loss = −E f(G(z)): adding a constant to the critic moves "
    "it freely, so its level means nothing.",
}


def _generated(run_id: str, pictures: Pictures) -> None:
    live_image(
        grid_png(run_id, pictures.step, pictures.samples),
        key="grid-generated",
        alt=f"{len(pictures.samples)} generated images from fixed latents at step {pictures.step}",
        caption=f"Generated, step {pictures.step:,}",
        width=FILL,
    )


def _averaged(snapshot: Snapshot, samples: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    """What the generator's moving average makes of the same latents."""
    assert snapshot.pictures is not None
    step, config = snapshot.pictures.step, snapshot.config
    caption = f"Averaged generator, step {step:,}: moving average of its weights, decay {config.ema_decay:g}"
    if snapshot.pictures.are_points:
        live_points(
            snapshot.run_id, config.dataset, replace(snapshot.pictures, samples=samples), key="chart-points-averaged", caption=caption
        )
        return
    live_image(
        grid_png(snapshot.run_id, step, samples, averaged=True),
        key="grid-averaged",
        alt=f"{len(samples)} images of the averaged generator from the same latents at step {step}",
        caption=caption,
        width=FILL,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def grid_png(run_id: str, step: int, _pixels: NDArray[Any], *, averaged: bool = False) -> bytes:
    """A grid of images as PNG; encoded once for all tabs."""
    return images.png(images.tile(_pixels))


def _score_histogram(pictures: Pictures) -> None:
    kind = "points" if pictures.are_points else "images"
    st.markdown(
        f"**Critic scores of these {kind}**",
        help=f"The critic's score of each of the {kind} above. The further the two heaps lie apart, the more surely the critic tells "
        "them apart.",
    )
    figure = figures.score_histogram(pictures.real_scores.astype(float), pictures.sample_scores.astype(float), kind=kind)
    live_chart(figure, key="chart-histogram", alt=f"Histogram of the critic's scores of real and generated {kind}", height=230)


def _kept_grids(snapshot: Snapshot, places: _Places) -> None:
    """The sample grids that the run folder keeps, to walk through."""
    path = run_path(run_manager().root, snapshot.run_id)
    try:
        folder = RunFolder.open(path)
    except StoreError:
        folder = None  # it is there a moment before what is in it
    kept = folder.samples() if folder is not None else {}
    if folder is None or not kept:
        places.generated.caption("Pictures appear once the networks are built.")
        return
    steps = list(kept)
    step = steps[-1]
    with places.generated:
        if len(steps) > 1:
            step = st.select_slider(
                "Samples at step", steps, value=step, key=f"kept-{snapshot.run_id}", format_func=lambda step: f"{step:,}"
            )
        _kept_grid(kept[step], "grid-generated", f"Generated {_kind(snapshot.config)} at step {step}", f"Generated, step {step:,}")
    averaged = folder.samples(averaged=True).get(step)
    if averaged is not None:
        with places.averaged:
            words = f"Averaged generator, step {step:,}"
            _kept_grid(averaged, "grid-averaged", f"{_kind(snapshot.config).capitalize()} of the averaged generator at step {step}", words)


def _kept_grid(path: Path, key: str, alt: str, caption: str) -> None:
    live_image(path.read_bytes(), key=key, alt=alt, caption=caption, width=512)
