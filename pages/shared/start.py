"""Starting a run, and what to offer while the device is busy. Used by every page with a start button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages.shared.data_place import may_be_read
from pages.shared.limits import run_refused
from pages.shared.people import me, refused, say_no
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from wgan_core.access.permissions import Answer
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.runs.manager import DeviceBusy
from wgan_core.runs.run import Run
from wgan_core.store.folder import StoreError


def start_run(config: TrainConfig, *, queue: bool = False) -> None:
    """Start a run and show it. If the device is busy, remember which run uses it."""
    again = partial(start_run, config, queue=queue)
    if refused("start", then=again) or run_refused(config.max_steps) or _data_refused(config.data_root):
        return
    _show_started(lambda: run_manager().start(config, queue=queue, owner=me()))


def start_branch(parent_id: str, step: int, changes: dict[str, Any], *, queue: bool = False) -> None:
    """Start a run that continues from a saved step of another one, and show it, as `start_run` does."""
    again = partial(start_branch, parent_id, step, changes, queue=queue)
    if refused("branch", then=again) or run_refused(int(changes.get("max_steps", 0))) or _data_refused(str(changes.get("data_root", ""))):
        return
    _show_started(lambda: run_manager().branch(parent_id, step, changes, queue=queue, owner=me()))


def _data_refused(path: str) -> bool:
    """Whether the visitor may not have a run read this path; then says so."""
    if may_be_read(path):
        return False
    say_no(Answer(False, "These data are not on this server: upload yours."))
    return True


def _show_started(start: Callable[[], Run]) -> None:
    try:
        run = start()
    except DeviceBusy as error:
        st.session_state["busy"] = str(error), error.run.run_id
        return
    except (ConfigError, StoreError) as error:
        show_problem(error)
        return
    st.session_state.pop("busy", None)
    show_run(run.run_id)


def show_run(run_id: str) -> None:
    """Open that run on the Train page."""
    st.session_state["train-run"] = run_id
    st.switch_page("pages/train.py", query_params={"run": run_id})


def offer_queue(start: Callable[..., None], why_not: str = "") -> None:
    """If the device was busy at the last start: say which run uses it, and offer to queue the new run or to show the other one.

    Args:
        start: `start_run` or `start_branch` with all arguments but `queue`.
        why_not: why the new run cannot be queued; "" if it can.
    """
    if "busy" not in st.session_state:
        return
    sentence, run_id = st.session_state["busy"]
    st.warning(sentence, icon=":material/hourglass_top:")
    with st.container(horizontal=True):
        if st.button("Add to the queue", icon=":material/queue:", help=why_not or None, disabled=bool(why_not)):
            start(queue=True)
        if st.button("Show the run that is training", icon=":material/visibility:"):
            st.session_state.pop("busy", None)
            show_run(run_id)
