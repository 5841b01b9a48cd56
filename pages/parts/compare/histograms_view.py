"""The critics' weights and scores of the runs over each other, at the kept steps nearest to the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.compare.legend import LEGEND
from pages.parts.compare.sides_view import Named
from pages.shared.problems import problem_text
from wgan_core.compare.comparability import why_not_raw
from wgan_core.compare.histograms import Scores, score_heaps, scores_near, weight_heaps, weights_step
from wgan_core.compare.side import Side
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.load import load_dataset
from wgan_core.figures.comparison import heaps_figure
from wgan_core.store.folder import StoreError
from wgan_core.timeline.reading import Timeline

_HEIGHT_PX = 240


def draw_histograms(named: Sequence[Named], steps: Sequence[int]) -> None:
    """Both kinds of histograms, in an expander: the scores take a second, and need the data."""
    box = st.expander(
        "The critics' weights and scores over each other", icon=":material/bar_chart:", key="compare.histograms", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        _weights(named, steps)
        _scores(named, steps)


def _weights(named: Sequence[Named], steps: Sequence[int]) -> None:
    st.markdown(
        "**The critic's weights, layer by layer**",
        help="Histograms of the weights without biases, as the instruments found them. Each is drawn relative to its fullest bin, because "
        "narrow and wide ones would not fit into one scale otherwise.",
    )
    own = st.toggle(
        "In units of each layer's largest weight",
        key="compare.own-unit",
        persist_state="session",
        help="Under clipping that is c. It shows the form of a narrow and a wide distribution side by side, and hides how wide they are.",
    )
    panels = weight_heaps([(one.letter, one.place, one.side) for one in named], steps, own_unit=own)
    if not panels:
        st.caption("The weights have not been measured in these runs.")
        return
    at = {one.letter: weights_step(one.side, step) for one, step in zip(named, steps, strict=True)}
    st.caption(_at_steps({letter: step for letter, step in at.items() if step is not None}))
    figure = heaps_figure(panels, x_title="weight / largest" if own else "weight", to_peak=True)
    live_chart(
        figure,
        key="compare-chart-weights",
        alt=f"Histograms of the critics' weights in {len(panels)} layers",
        height=_HEIGHT_PX,
        revision=str(own),
        legend=LEGEND,
    )


def _at_steps(steps: dict[str, int]) -> str:
    if len(set(steps.values())) == 1:
        return f"At step {next(iter(steps.values())):,}."
    return f"{', '.join(f'{letter} at step {step:,}' for letter, step in steps.items())}."


def _scores(named: Sequence[Named], steps: Sequence[int]) -> None:
    st.markdown(
        "**The critic's scores of real (solid) and generated samples (dotted)**",
        help="Only differences between scores mean anything, so each run's are shifted until the mean of its generated samples is 0. The "
        "farther the solid curve lies to the right of the dotted one, the better the critic tells them apart.",
    )
    found: list[tuple[str, int, Scores]] = []
    for one, step in zip(named, steps, strict=True):
        try:
            near = Timeline.of(one.side.folder).nearest(step)
            kept = -1 if near is None else near.step
            found.append((one.letter, one.place, _scored(one.side.folder.path, kept, one.side.started, one.side)))
        except (ConfigError, DataError, StoreError) as error:
            st.caption(f"{one.letter}: {problem_text(error)}")
    reason = why_not_raw([one.side for one in named])
    scaled = bool(reason) and all(scores.slope for _, _, scores in found)
    heaps = score_heaps(found, scaled=scaled)
    if not heaps:
        return
    words = _at_steps({letter: scores.step for letter, _, scores in found})
    if scaled:
        words += " Divided by each critic's steepest slope, because the raw scores of these critics cannot be compared."
    elif reason:
        st.warning(reason, icon=":material/balance:")
    st.caption(words)
    figure = heaps_figure({"": heaps}, x_title="score / steepest slope" if scaled else "score", to_peak=False)
    live_chart(
        figure, key="compare-chart-scores", alt="Histograms of the critics' scores", height=_HEIGHT_PX, revision=str(scaled), legend=LEGEND
    )


@st.cache_resource(max_entries=3, show_spinner="Loading the runs' data …")
def _data(dataset: str, root: str, size: int, seed: int, _config: TrainConfig) -> Dataset:
    return load_dataset(_config)


@st.cache_data(max_entries=64, show_spinner="The critics score real and generated samples …")
def _scored(path: Path, step: int, config: TrainConfig, _side: Side) -> Scores:
    return scores_near(_side, step, _data(config.dataset, config.data_root, config.image_size, config.seed, config))
