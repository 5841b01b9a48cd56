"""The head of a run's page: its name, its settings in one line, and how to make the same run again elsewhere."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from pages.parts.train.branch_form import branch_button
from pages.shared import data_place
from pages.shared.film_form import film_form
from pages.shared.frame import name_tab
from pages.shared.library import title_of
from pages.shared.people import owner_of, serving
from pages.shared.settings import link_to
from pages.shared.text import as_plain, status_badge
from wgan_core.config import TrainConfig
from wgan_core.runs.messages import Snapshot
from wgan_core.runs.names import command_line, settings_line, started_with


def head(snapshot: Snapshot) -> TrainConfig | None:
    """The name with the status, and beside it where to go from here. Returns the settings for a new run, if one is asked for."""
    start = started_with(snapshot.config, snapshot.edits)
    title = title_of(snapshot.run_id, start)
    name_tab(f"Train: {title}")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xsmall", key="run-head"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.title(as_plain(title), width="content", anchor=False)
            st.markdown(status_badge(snapshot.status), width="content")
            _owner(snapshot.run_id)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            if snapshot.saved_steps:
                st.page_link(
                    "pages/explore.py", label="Explore its latent space", icon=":material/explore:", query_params={"run": snapshot.run_id}
                )
            wanted = st.button(
                "New run",
                icon=":material/add:",
                type="tertiary",
                help="Set up another run that starts from this run's settings. This run continues.",
            )
            branch_button(snapshot)
            if snapshot.step:
                with st.popover("Film", icon=":material/movie:", type="tertiary", key="film", on_change="rerun"):
                    st.markdown("A time-lapse of the samples, with the curve drawing itself beside them.")
                    film_form(snapshot.run_id, title, key="film", averages=snapshot.config.ema_decay > 0)
            with st.popover("Copy settings", icon=":material/content_copy:", type="tertiary", key="copy-settings", on_change="rerun"):
                _to_copy(snapshot.config)
    origin = f" · branch of {snapshot.parent.run_id} at step {snapshot.parent.step:,}" if snapshot.parent is not None else ""
    st.caption(f"{snapshot.run_id}{origin} · {settings_line(snapshot.config)}")
    return snapshot.config if wanted else None


def _owner(run_id: str) -> None:
    """Whose run it is, if that is noted and several people use the server."""
    owner = owner_of(run_id) if serving().is_shared else None
    if owner is not None:
        name = html.escape(owner.name)
        st.html(f"<span title='Started by {name}'><b style='color: {owner.colour}'>●</b> {name}</span>", width="content")


def _to_copy(config: TrainConfig) -> None:
    """A link and a command, each with a button that copies it. An edit counts: these are the settings of now."""
    st.markdown("**As a link**: opens the set-up form with these settings.")
    st.code(f"{_address()}?{urlencode(link_to(config))}", language=None, wrap_lines=True)
    st.markdown("**As a command**: trains the same run in a terminal, from the project's folder.")
    st.code(command_line(config.replace(data_root=data_place.in_words(config.data_root))), language="bash", wrap_lines=True)


def _address() -> str:
    """The address of the Train page, as the browser sees it."""
    here = st.context.url or ""
    return here.partition("?")[0] or "train"
