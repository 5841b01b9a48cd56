"""Going back to an earlier step of a run that went wrong, to train on from there otherwise: a branch, whose form is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.parts.train.branch_form import open_form
from pages.shared.run_time import edit_in_words, folder_of, value_in_words
from wgan_core.config import OF_SHAPES, SETTINGS, ConfigError
from wgan_core.instruments.answers import VARIED
from wgan_core.instruments.cards import CARDS
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.ledger import Edit
from wgan_core.store.readings import advice_in, of_key

_SLOWER = 0.1
"""What the critic's learning rate is multiplied by after numbers became infinite, if no advice names another change."""
_NOT_FINITE = "became infinite or not a number"


@dataclass(frozen=True)
class Way:
    """A step to go back to."""

    step: int
    label: str
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The settings in which the branch begins otherwise than the run was at that step."""


def way_before(snapshot: Snapshot, edit: Edit) -> Way | None:
    """To the step that was saved before an edit, with the settings of then; None if it is not kept."""
    if edit.step not in _full_steps(snapshot):
        return None
    return Way(edit.step, f"Go back to step {edit.step:,}, before {edit_in_words(edit)}")


def way_with(snapshot: Snapshot, advice: Mapping[str, Any]) -> Way | None:
    """To the newest step before what the advice is about, with the change that it advises; None if it advises none, or one that no branch
    can have."""
    name, value = str(advice.get("setting")), advice.get("value")
    if value is None or name not in SETTINGS or name in OF_SHAPES:
        return None
    return _way(snapshot, name, value, _sound_until(snapshot, advice))


def ways_after_failure(snapshot: Snapshot) -> list[Way]:
    """What to offer beside the error of a run that failed: back before its last edit, and with what is advised, or slower."""
    found = [way_before(snapshot, snapshot.edits[-1])] if snapshot.edits else []
    warnings = [one for one in advice_in(snapshot.readings) if one.get("level") == "warning"]
    found += [way for one in warnings if (way := way_with(snapshot, one)) is not None][:1]
    if len(found) < 2 and _NOT_FINITE in snapshot.error:
        found.append(_way(snapshot, "critic_lr", float(f"{snapshot.config.critic_lr * _SLOWER:.2g}"), snapshot.step))
    return [way for way in found if way is not None]


def offer(snapshot: Snapshot, way: Way, key: str) -> None:
    """Draw the button that opens the form."""
    if st.button(way.label, icon=":material/undo:", key=key, help="Set up a branch that begins at this step. This run stays what it is."):
        open_form(snapshot.run_id, way.step, way.changes)


def _way(snapshot: Snapshot, name: str, value: Any, until: int) -> Way | None:
    steps = [step for step in _full_steps(snapshot) if step <= until]
    if not steps:
        return None
    try:
        same = getattr(snapshot.config.replace(**{name: value}), name) == getattr(snapshot.config, name)
    except ConfigError:
        return None
    return (
        None
        if same
        else Way(steps[-1], f"Go back to step {steps[-1]:,} and try with {SETTINGS[name].label}: {value_in_words(value)}", {name: value})
    )


def _sound_until(snapshot: Snapshot, advice: Mapping[str, Any]) -> int:
    """The last step at which what the advice complains about was still good: of the variety of samples, as it was measured."""
    card = CARDS.get(str(advice.get("key")))
    if card is None or card.question != "variety":
        return snapshot.step
    varied = [one.step for one in of_key(snapshot.readings, "diversity") if one.value is not None and one.value >= VARIED]
    return max(varied, default=snapshot.step)


def _full_steps(snapshot: Snapshot) -> list[int]:
    """The steps at which a branch can begin, ascending."""
    try:
        return [step for step in RunFolder.open(folder_of(snapshot.run_id)).whole_steps() if step <= snapshot.step]
    except StoreError:
        return []
