"""Setting up a branch: the set-up form begins with the settings in force at a saved step of another run, whose networks train on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared.library import title_of
from pages.shared.page_address import write_address
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from pages.shared.settings import link_to, write_changes
from pages.shared.text import as_plain
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.config.whole import whole_number
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, StoreError, run_path
from wgan_core.store.history import generator_updates_at

PARAM = "branch"
"""The parameter of a link that names the parent, as RUN@STEP."""


@dataclass(frozen=True)
class Origin:
    """Where the branch begins."""

    run_id: str
    step: int
    config: TrainConfig
    """In force there."""

    @property
    def start(self) -> TrainConfig:
        """What the form begins with: those settings, and a length that leaves something to train."""
        if self.config.max_steps > self.step:
            return self.config
        return self.config.replace(max_steps=min(2 * self.step, int(SETTINGS["max_steps"].high or 2 * self.step)))

    @property
    def generator_updates(self) -> int:
        """Done before the step."""
        return generator_updates_at(RunFolder.open(run_path(run_manager().root, self.run_id)).read_metrics(), self.step)

    def link(self, values: dict[str, Any]) -> dict[str, str]:
        """The parameters of a link to this branch with these settings."""
        return {PARAM: f"{self.run_id}@{self.step}", **write_changes(self.start, values)}

    def changes(self, config: TrainConfig) -> dict[str, Any]:
        """The settings in which `config` differs from those in force at the step."""
        values = config.model_dump()
        return {name: value for name, value in values.items() if value != getattr(self.config, name)}


def origin() -> Origin | None:
    """The parent and step that the link names; None for an ordinary new run. A link to something that is not there says so."""
    if (named := st.query_params.get(PARAM)) is None:
        return None
    run_id, _, step = named.rpartition("@")
    try:
        folder = RunFolder.open(run_path(run_manager().root, run_id))
        at = whole_number(step)
        if at not in folder.steps():
            kept = ", ".join(f"{one:,}" for one in folder.steps()) or "none"
            raise StoreError(f"That step is not saved (any more) in the run to branch from. Saved steps: {kept}.")
        if not folder.can_resume():
            raise StoreError("The run to branch from holds weights only, not the state of its training: it can be explored, not branched.")
        return Origin(run_id, at, folder.config_before(at))
    except StoreError as error:
        show_problem(error)
        return None


def says(branch: Origin) -> None:
    """What the form is about, in place of the presets."""
    with st.container(border=True):
        title = as_plain(title_of(branch.run_id, RunFolder.open(run_path(run_manager().root, branch.run_id)).config))
        st.markdown(
            f"**Branch of {title} at step {branch.step:,}.** A new run takes over the networks of that step and trains on, with the "
            "settings below. With nothing changed it repeats its parent exactly. The sizes of the networks stay what they are; everything "
            "else may differ, also the data."
        )
        with st.container(horizontal=True):
            st.page_link("pages/train.py", label=f"Back to {title}", icon=":material/arrow_back:", query_params={"run": branch.run_id})
            if st.button("An untrained run instead", type="tertiary", icon=":material/restart_alt:"):
                write_address(link_to(branch.config))
                st.rerun()


def branch_button(snapshot: Snapshot) -> None:
    """On a run's page: choose a saved step, and open the form."""
    if not snapshot.saved_steps:
        return
    with st.popover("Branch", icon=":material/call_split:", type="tertiary", key="branch-from", on_change="rerun"):
        st.markdown("Take the networks of a saved step and train on with other settings, as a new run. This run stays what it is.")
        steps = sorted(snapshot.saved_steps, reverse=True)
        step = st.selectbox("From the saved step", steps, format_func="{:,}".format, key="branch-step")
        if st.button("Branch from here with …", type="primary", icon=":material/call_split:") and step is not None:
            open_form(snapshot.run_id, step)


def open_form(run_id: str, step: int, changes: Mapping[str, Any] | None = None) -> None:
    """Go to the set-up form of a branch. changes: settings that are to differ from those in force at the step."""
    params = {PARAM: f"{run_id}@{step}"}
    if changes:
        folder = RunFolder.open(run_path(run_manager().root, run_id))
        params = Origin(run_id, step, folder.config_before(step)).link(dict(changes))
    st.session_state.pop("train-run", None)
    write_address(params)
    st.rerun()
