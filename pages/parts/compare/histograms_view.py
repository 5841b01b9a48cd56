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
from wgan_core.compare.histograms import Network, Scores, score_heaps, scores_near, slope_near, weight_heaps, weights_near
from wgan_core.compare.side import Side
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.load import load_dataset
from wgan_core.figures.comparison import heaps_figure
from wgan_core.store.folder import StoreError

_HEIGHT_PX = 240


def draw_histograms(named: Sequence[Named], steps: Sequence[int]) -> None:
    """Both kinds of histograms, in an expander."""
    box = st.expander("Weights and scores over each other", icon=":material/bar_chart:", key="compare.histograms", on_change="rerun")
    if box.open:
        with box:
            _weights(named, steps)
            _scores(named, steps)


def _weights(named: Sequence[Named], steps: Sequence[int]) -> None:
    st.markdown(
        "**Weights, layer by layer**",
        help="Histograms of the weights without biases. Each is drawn relative to its fullest bin, because narrow and wide ones would not "
        "fit into one scale otherwise.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            "Network",
            ("critic", "generator"),
            key="compare.network",
            default="critic" if "compare.network" not in st.session_state else None,
            required=True,
            format_func=str.capitalize,
            persist_state="session",
            label_visibility="collapsed",
        )
        own = st.toggle(
            "In units of each layer's largest weight",
            key="compare.own-unit",
            persist_state="session",
            help="Under clipping that is c, for the critic. It shows the form of a narrow and a wide distribution side by side, and hides "
            "how wide they are.",
        )
    network: Network = "generator" if chosen == "generator" else "critic"
    found = [(one, weights_near(one.side, step, network)) for one, step in zip(named, steps, strict=True)]
    panels = weight_heaps([(one.letter, one.place, kept[1]) for one, kept in found if kept is not None], own_unit=own)
    if not panels:
        st.caption("These weights have not been kept in these runs.")
        return
    st.caption(_at_steps({one.letter: kept[0] for one, kept in found if kept is not None}))
    live_chart(
        heaps_figure(panels, x_title="weight / largest" if own else "weight", to_peak=True),
        key="compare-chart-weights",
        alt=f"Histograms of the weights of the {network} in {len(panels)} layers",
        height=_HEIGHT_PX,
        revision=f"{network}-{own}",
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
    found: list[tuple[str, int, Scores, float | None]] = []
    for one, step in zip(named, steps, strict=True):
        try:
            scores = _scored(one.side.folder.path, one.side.name, step, one.side)
            found.append((one.letter, one.place, scores, slope_near(one.side, scores.step)))
        except (ConfigError, DataError, StoreError) as error:
            st.caption(f"{one.letter}: {problem_text(error)}")
    if not found:
        return
    reason = why_not_raw([one.side for one in named])
    scaled = bool(reason) and all(slope for *_, slope in found)
    words = _at_steps({letter: scores.step for letter, _, scores, _ in found})
    if scaled:
        words += " Divided by each critic's steepest slope, because the raw scores of these critics cannot be compared."
    elif reason:
        st.warning(reason, icon=":material/balance:")
    st.caption(words)
    live_chart(
        heaps_figure({"": score_heaps(found, scaled=scaled)}, x_title="score / steepest slope" if scaled else "score"),
        key="compare-chart-scores",
        alt="Histograms of the critics' scores of real and generated samples",
        height=_HEIGHT_PX,
        revision=str(scaled),
        legend=LEGEND,
    )


@st.cache_resource(max_entries=3, show_spinner="Loading the runs' data …")
def _data(dataset: str, root: str, size: int, seed: int, _config: TrainConfig) -> Dataset:
    return load_dataset(_config)


@st.cache_data(max_entries=64, show_spinner="The critics score real and generated samples …")
def _scored(path: Path, name: str, step: int, _side: Side) -> Scores:
    config = _side.started
    return scores_near(_side, step, lambda: _data(config.dataset, config.data_root, config.image_size, config.seed, config))
