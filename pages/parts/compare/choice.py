"""Choosing the runs that are compared, and opening them. What cannot be opened is a sentence, and the others are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.parts.compare.state import NAMES, Asked
from pages.shared import library
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from pages.shared.shipped import SHIPPED
from wgan_core.compare.side import MAX_SIDES, Side, open_side, split_name
from wgan_core.config import TrainConfig
from wgan_core.library.entry import Entry
from wgan_core.runs.names import run_title
from wgan_core.store.folder import NoRun, StoreError, run_path


def choose(asked: Asked) -> list[Side]:
    """Draw the choice. Returns the runs that can be compared, in their order."""
    runs = _there()
    titles = _told_apart(runs)
    chosen: list[str] = st.session_state.setdefault(NAMES, [])
    options = [*titles, *(name for name in chosen if name not in titles)]  # also steps, and runs that have vanished
    names = st.multiselect(
        "Runs to compare",
        options,
        key=NAMES,
        max_selections=MAX_SIDES,
        format_func=lambda name: _in_words(name, titles),
        placeholder="Choose two to eight runs",
        persist_state="session",
    )
    if runs:
        _add_step(runs, titles)
    if asked.too_many:
        more = f"{asked.too_many} more run{'s' if asked.too_many > 1 else ''}"
        st.warning(f"This link names {more} than can be compared. The first {MAX_SIDES} are shown.", icon=":material/filter_list:")
    return [side for name in names if (side := _open(name)) is not None]


def offer_newest() -> None:
    """With fewer than two runs chosen: a button that compares the two newest."""
    newest = [run.name for run in sorted(_there(), key=lambda run: run.created, reverse=True)][:2]
    if len(newest) == 2:
        st.button("Compare the two newest runs", icon=":material/compare_arrows:", on_click=_choose, args=(newest,))
    else:
        st.page_link("pages/train.py", label="Train a run", icon=":material/model_training:")


def title_of(run_id: str, config: TrainConfig) -> str:
    """What a run is called, in any characters. config: the settings that it started with."""
    title = library.title_of(run_id, config)
    return SHIPPED[run_id][0] if run_id in SHIPPED and title == run_title(run_id, config) else title


def _choose(names: list[str]) -> None:
    st.session_state[NAMES] = names


def _there() -> list[Entry]:
    """The runs that can be opened, in the order of the Runs page."""
    return [run for run in library.listed_with_progress() if not run.damaged]


def _told_apart(runs: Sequence[Entry]) -> dict[str, str]:
    """What each run is called in the choice, by its name, which is added to titles that several have."""
    several = {title for title, count in Counter(run.title for run in runs).items() if count > 1}
    return {run.name: f"{run.title}{f' ({run.name})' if run.title in several else ''} · step {run.step:,}" for run in runs}


def _in_words(name: str, titles: dict[str, str]) -> str:
    run_id, at, step = name.partition("@")
    if not at:
        return titles.get(run_id, run_id)
    return f"{titles[run_id].rpartition(' · ')[0] if run_id in titles else run_id} at step {step}"


def _add_step(runs: list[Entry], titles: dict[str, str]) -> None:
    """A step of a run, to be compared with another step of it or with other runs."""
    with st.popover("Add a step of a run", icon=":material/add:", type="tertiary", key="compare.step-box", on_change="rerun"):
        ids = [run.name for run in runs]
        run_id = st.selectbox("Run", ids, format_func=titles.__getitem__, key="compare.step-run")
        last = next(run.step for run in runs if run.name == run_id)
        step = st.number_input("Step", 0, max(last, 0), last, key=f"compare.step-{run_id}", help="Everything up to this step is compared.")
        full = len(st.session_state.get(NAMES, ())) >= MAX_SIDES
        st.button("Add", key="compare.add-step", on_click=_add, args=(f"{run_id}@{step}",), disabled=full)


def _add(name: str) -> None:
    chosen = st.session_state[NAMES]
    if name not in chosen and len(chosen) < MAX_SIDES:
        st.session_state[NAMES] = [*chosen, name]


def side_of(name: str) -> Side:
    """The run, or the step of one, as it is now. Raises StoreError."""
    root = run_manager().root
    return _side(root, name, _stamp(run_path(root, split_name(name)[0])))


def _open(name: str) -> Side | None:
    try:
        return side_of(name)
    except NoRun:
        show_problem(f"There is no run {name[:80]!r} here: it may have been deleted or moved.", icon=":material/folder_off:")
    except StoreError as error:
        show_problem(error, icon=":material/broken_image:")
    return None


@st.cache_resource(max_entries=32, show_spinner=False)
def _side(root: Path, name: str, stamp: tuple[float, ...]) -> Side:
    return open_side(root, name)


def _stamp(path: Path) -> tuple[float, ...]:
    """A value that changes whenever the contents of the run folder do."""
    names = ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "steps", "light", "moments", "samples")
    found: list[float] = []
    for name in names:
        try:
            found.append((path / name).stat().st_mtime)
        except OSError:
            found.append(0.0)
    return tuple(found)
