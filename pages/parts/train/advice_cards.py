"""The advice on a run's page: what is wrong, a button that does what is advised, and a link to the lesson that explains it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.train.controls import send_command
from pages.parts.train.go_back import offer, way_before, way_with
from pages.shared import data_place
from pages.shared.page_address import write_address
from pages.shared.settings import link_to
from pages.shared.text import inert
from wgan_core.config import SETTINGS, ConfigError, TrainConfig
from wgan_core.instruments.cards import CARDS
from wgan_core.instruments.causes import was_sound
from wgan_core.runs.messages import Set, Snapshot
from wgan_core.store.readings import advice_in


def advice_line(snapshot: Snapshot, *, trained_here: bool, past: bool = False) -> None:
    """Show the first warning, with what can be done about it. Draws nothing if there is no warning.

    past: whether the page shows an earlier step, which this is not about.
    """
    warnings = [one for one in advice_in(snapshot.readings) if one.get("level") == "warning"]
    if not warnings:
        return
    more = f" {len(warnings) - 1} more on the Diagnosis tab." if len(warnings) > 1 else ""
    with st.container(gap="xsmall", key="advice-line"):
        about = f"About step {snapshot.step:,}, the newest: " if past else ""
        st.warning(f"{about}{inert(str(warnings[0]['text']))}{more}", icon=":material/stethoscope:")
        _remedies(snapshot, warnings[0], 0, trained_here)


def advice_cards(snapshot: Snapshot, *, trained_here: bool) -> None:
    """Show all advice, the first thing to do first."""
    for place, one in enumerate(advice_in(snapshot.readings)):
        with st.container(gap="xsmall"):
            (st.warning if one.get("level") == "warning" else st.info)(inert(str(one["text"])), icon=":material/lightbulb:")
            _remedies(snapshot, one, place, trained_here)


def _remedies(snapshot: Snapshot, one: dict[str, Any], place: int, trained_here: bool) -> None:
    """Take back the edit that did it, set what is advised, or set up a new run with it; and the lesson."""
    name = str(one.get("setting"))
    steerable = trained_here and snapshot.status in ("running", "paused")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        edit = next((edit for edit in reversed(snapshot.edits) if edit.field == name and was_sound(snapshot.config, edit)), None)
        if edit is not None and edit.old == getattr(snapshot.config, name):
            edit = None  # it was taken back already
        if edit is not None and steerable:
            _set_button(snapshot, name, edit.old, f"undo-edit-{place}", f"Set {SETTINGS[name].label} back to {in_words(edit.old)}", "undo")
        if (edit is not None and (way := way_before(snapshot, edit)) is not None) or (
            not steerable and (way := way_with(snapshot, one)) is not None
        ):
            offer(snapshot, way, f"go-back-{place}")
        mended = _mended(snapshot.config, name, one.get("value"))
        if mended is not None and not (edit is not None and steerable and getattr(mended, name) == edit.old):
            value = getattr(mended, name)
            if steerable and SETTINGS[name].live:
                _set_button(snapshot, name, value, f"apply-{place}", f"Set {SETTINGS[name].label} to {in_words(value)}", "check")
            else:
                _new_run_button(mended, place, f"New run with {SETTINGS[name].label}: {in_words(value)}")
        card = CARDS.get(str(one.get("key")))
        if card is not None:
            st.page_link(
                "pages/learn.py",
                label="Why?",
                icon=":material/school:",
                query_params={"lesson": card.lesson},
                help="Open the lesson that explains this.",
            )


def _set_button(snapshot: Snapshot, name: str, value: Any, key: str, label: str, icon: str) -> None:
    st.button(label, icon=f":material/{icon}:", key=key, on_click=send_command, args=(snapshot.run_id, Set({name: value})))


def _new_run_button(config: TrainConfig, place: int, label: str) -> None:
    if st.button(label, icon=":material/add:", key=f"new-run-{place}", help="This setting cannot change in a run. This run continues."):
        st.session_state.pop("train-run", None)
        data_place.trust(config.data_root)
        write_address(link_to(config))
        st.rerun()


def _mended(config: TrainConfig, name: str, value: Any) -> TrainConfig | None:
    """The run's settings with `value` in place; None if it is not known, is there already, or does not go with the others."""
    if value is None or name not in SETTINGS:
        return None
    try:
        mended = config.replace(**{name: value})
    except ConfigError:
        return None
    return None if mended == config else mended


def in_words(value: Any) -> str:
    """A setting's value as a page shows it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
