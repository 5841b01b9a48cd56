"""One run on the Train page: its controls, curves and pictures, for a run of this process or one read from its folder."""

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
from pages.shared.problems import problem_text, show_problem
from pages.shared.server import exclude_loaded_from_gc, run_manager
from pages.shared.settings import link_to
from pages.shared.text import duration, status_badge
from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.messages import Pictures, Snapshot
from wgan_core.runs.names import run_title, started_with
from wgan_core.store.folder import NoRun, RunFolder, StoreError, run_path
from wgan_core.store.history import COLUMNS, newest
from wgan_core.training.rates import rate_share

POLL_SECONDS = 1.0
FULL_WIDTH_PX = 4096  # wider than any column, so that a picture fills its column


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
    _header(snapshot)
    controls(snapshot, trained_here=_is_trained_here(run_id))
    st.session_state["run-shown"] = _rerun_key(snapshot)
    places = _lay_out(snapshot)
    st.fragment(_live, run_every=_poll_interval(snapshot))(run_id, places)
    if snapshot.status not in ("queued", "loading"):  # before that, the run has no folder
        export_view(run_id)


def newest_snapshot(run_id: str) -> Snapshot:
    """The newest snapshot of a run, from this process or from the run's folder. Raises StoreError."""
    run = run_manager().get(run_id)
    if run is not None:
        return run.watch()
    path = run_path(run_manager().root, run_id)
    return _from_folder(path, _stamp(path), RunFolder.open(path).is_held())


@st.cache_resource(max_entries=8, show_spinner=False)
def _from_folder(path: Path, stamp: tuple[float, ...], held: bool) -> Snapshot:
    return snapshot_from_folder(RunFolder.open(path))


def _stamp(path: Path) -> tuple[float, ...]:
    """A value that changes whenever the contents of the run folder do."""
    files = [path / name for name in ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "steps", "samples")]
    return tuple(file.stat().st_mtime for file in files if file.exists())


def _is_trained_here(run_id: str) -> bool:
    return run_manager().get(run_id) is not None


def _poll_interval(snapshot: Snapshot) -> float | None:
    """Seconds between two updates of the page, or None if the run cannot change any more."""
    if snapshot.ended:
        return None
    return POLL_SECONDS if snapshot.status in ("running", "loading") else 2 * POLL_SECONDS


def _rerun_key(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.status, snapshot.config


def _leave(config: TrainConfig | None = None) -> None:
    """Go to the set-up form, filled in with `config`."""
    st.session_state.pop("train-run", None)
    st.query_params.from_dict(link_to(config) if config is not None else {})
    st.rerun()


def _header(snapshot: Snapshot) -> None:
    title = run_title(snapshot.run_id, started_with(snapshot.config, snapshot.edits))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            st.markdown(f"### {title} {status_badge(snapshot.status)}", width="content")
            st.caption(snapshot.run_id, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.page_link(
                "pages/explore.py", label="Explore its latent space", icon=":material/explore:", query_params={"run": snapshot.run_id}
            )
            if st.button(
                "New run", icon=":material/add:", help="Set up another run that starts from this run's settings. This run continues."
            ):
                _leave(snapshot.config)


class _Places(NamedTuple):
    """The containers for the part of the page that is redrawn every second."""

    top: DeltaGenerator
    charts: DeltaGenerator
    generated: DeltaGenerator
    averaged: DeltaGenerator
    """Beside `generated`; used by runs with an averaged generator."""
    below: DeltaGenerator
    diagnosis: DeltaGenerator | None
    """The Diagnosis tab, if it is open. In that case nothing else is drawn."""


def _lay_out(snapshot: Snapshot) -> _Places:
    """Create the containers, and draw the real images in them: these never change, so they are sent only once."""
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
                width=FULL_WIDTH_PX,
            )
        return _Places(top, charts, generated, averaged, st.container(), None)


def _live(run_id: str, places: _Places) -> None:
    """The part of the page that is redrawn every second while the run is active."""
    try:
        snapshot = newest_snapshot(run_id)
    except StoreError:
        st.rerun()
    if _rerun_key(snapshot) != st.session_state.get("run-shown"):
        st.rerun()  # redraw the whole page once, so that the buttons and settings above change too
    with places.top:
        _messages(snapshot)
        _progress(snapshot)
        if places.diagnosis is None:  # that tab shows all advice itself
            advice_line(snapshot, trained_here=_is_trained_here(run_id))
    if places.diagnosis is not None:
        with places.diagnosis:
            diagnosis(snapshot, trained_here=_is_trained_here(run_id))
        return
    with places.charts:
        _charts(snapshot)
    if snapshot.pictures is None:
        _saved_grids(snapshot, places)
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
        mode = ", with BatchNorm in eval mode" if config.generator_norm == "batch" else ""
        st.caption(f"These samples are generated from the same {len(snapshot.pictures.samples)} latents at every step{mode}.")
        _score_histogram(snapshot.pictures)
    if snapshot.status == "running":
        exclude_loaded_from_gc()


def _messages(snapshot: Snapshot) -> None:
    if snapshot.error:
        show_problem(snapshot.error)
    if snapshot.notice:
        st.warning(problem_text(snapshot.notice), icon=":material/warning:")


def _progress(snapshot: Snapshot) -> None:
    config = snapshot.config
    if snapshot.status == "queued":
        st.info("This run will start when the run before it has ended.", icon=":material/hourglass_top:")
        return
    if snapshot.status == "loading":
        st.info(f"Loading {DATASETS[config.dataset].title} and building the networks …", icon=":material/downloading:")
        return
    parts = [f"Step {snapshot.step:,} of {config.max_steps:,}", f"{snapshot.generator_updates:,} generator updates"]
    if snapshot.status == "running" and snapshot.steps_per_second:
        parts.append(f"{snapshot.steps_per_second:,.0f} steps/s, {snapshot.steps_per_second * config.batch_size:,.0f} {_kind(config)}/s")
        parts.append(f"{duration(snapshot.seconds_left or 0)} left")
    if config.lr_schedule != "constant":
        parts.append(f"learning rates at {rate_share(config, snapshot.step):.0%} ({config.lr_schedule} schedule)")
    st.progress(min(1.0, snapshot.step / config.max_steps), text=" · ".join(parts))


def _kind(config: TrainConfig) -> str:
    """What the run generates: images or points."""
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
            help="How strongly the curves are smoothed, by an exponential moving average as in TensorBoard. The faint line shows the "
            "recorded values. The average starts again at each change of a setting.",
        )
        x_axis = st.selectbox(
            "Horizontal axis",
            tuple(figures.X_TITLES),
            format_func=figures.X_TITLES.__getitem__,
            key="view.x",
            persist_state="session",
            width=180,
        )
        log_y = st.toggle(
            "Log scale",
            key="view.log",
            persist_state="session",
            help="Use a logarithmic scale for the Wasserstein estimate. It cannot show values of 0 or below. Losses and scores may be "
            "negative, so they keep a linear scale.",
        )
    if not len(snapshot.history):
        st.caption(f"The curves start at step {snapshot.config.log_every}.")
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
    "Wasserstein estimate": "E f(real) − E f(fake): the critic's mean score of real data minus its mean score of generated data. The "
    "larger it is, the better the critic tells them apart. Its scale depends on the critic and on the clip value, so it is not the "
    "Wasserstein distance itself: compare it only within one run.",
    "Critic scores": "The critic gives each sample a score f, higher if the sample looks real. The lines show the mean score of the real "
    "and of the generated half of each batch. The gap between them is the Wasserstein estimate.",
    "Losses": "The numbers that the optimisers minimise. Critic loss = −estimate. Generator loss = −E f(G(z)). Adding a constant to the "
    "critic's scores shifts the generator loss and changes nothing else, so its level means nothing.",
}


def _generated(run_id: str, pictures: Pictures) -> None:
    live_image(
        grid_png(run_id, pictures.step, pictures.samples),
        key="grid-generated",
        alt=f"{len(pictures.samples)} generated images from fixed latents at step {pictures.step}",
        caption=f"Generated images at step {pictures.step:,}",
        width=FULL_WIDTH_PX,
    )


def _averaged(snapshot: Snapshot, samples: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    """What the averaged generator makes from the same latents."""
    assert snapshot.pictures is not None
    step, config = snapshot.pictures.step, snapshot.config
    kind = _kind(config).capitalize()
    caption = f"{kind} of the averaged generator at step {step:,} (weights averaged with decay {config.ema_decay:g})"
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
        width=FULL_WIDTH_PX,
    )


@st.cache_data(max_entries=64, show_spinner=False)
def grid_png(run_id: str, step: int, _pixels: NDArray[Any], *, averaged: bool = False) -> bytes:
    """A grid of images as a PNG file, encoded once for all browser tabs."""
    return images.png(images.tile(_pixels))


def _score_histogram(pictures: Pictures) -> None:
    kind = "points" if pictures.are_points else "images"
    st.markdown(
        f"**Critic scores of these {kind}**",
        help=f"How the critic scores the {kind} above. The less the real and the generated {kind} overlap, the better the critic tells "
        "them apart.",
    )
    figure = figures.score_histogram(pictures.real_scores.astype(float), pictures.sample_scores.astype(float), kind=kind)
    live_chart(figure, key="chart-histogram", alt=f"Histogram of the critic's scores of real and generated {kind}", height=230)


def _saved_grids(snapshot: Snapshot, places: _Places) -> None:
    """The saved sample pictures in the run folder, with a slider to step through them."""
    path = run_path(run_manager().root, snapshot.run_id)
    try:
        folder = RunFolder.open(path)
    except StoreError:
        folder = None  # the folder exists a moment before its files
    kept = folder.samples() if folder is not None else {}
    if folder is None or not kept:
        places.generated.caption("Pictures appear as soon as the networks are built.")
        return
    steps = list(kept)
    step = steps[-1]
    with places.generated:
        if len(steps) > 1:
            step = st.select_slider(
                "Samples at step", steps, value=step, key=f"kept-{snapshot.run_id}", format_func=lambda step: f"{step:,}"
            )
        _saved_grid(
            kept[step],
            "grid-generated",
            f"Generated {_kind(snapshot.config)} at step {step}",
            f"Generated {_kind(snapshot.config)} at step {step:,}",
        )
    averaged = folder.samples(averaged=True).get(step)
    if averaged is not None:
        with places.averaged:
            words = f"{_kind(snapshot.config).capitalize()} of the averaged generator at step {step:,}"
            _saved_grid(averaged, "grid-averaged", f"{_kind(snapshot.config).capitalize()} of the averaged generator at step {step}", words)


def _saved_grid(path: Path, key: str, alt: str, caption: str) -> None:
    live_image(path.read_bytes(), key=key, alt=alt, caption=caption, width=512)
