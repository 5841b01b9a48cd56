"""The controls of a run: buttons such as Pause and Stop, and the settings that may change while it trains."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import streamlit as st

from pages.shared import settings
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from pages.shared.start import show_run
from wgan_core.config import ConfigError, TrainConfig, steered_by
from wgan_core.runs.manager import DeviceBusy
from wgan_core.runs.messages import Command, Pause, Resume, SaveNow, Set, Snapshot, StepOnce, Stop
from wgan_core.store.folder import RunFolder, StoreError, run_path

SCOPE, RESUME_SCOPE = "steer", "resume"
_ALWAYS_STEERED = ("n_critic", "critic_lr", "generator_lr")
ALSO_LIVE = ("max_steps", "log_every", "save_every", "instruments_budget")


def steered(config: TrainConfig) -> tuple[str, ...]:
    """The settings that are worth changing while a run with `config` trains."""
    return (*steered_by(config.lipschitz), *_ALWAYS_STEERED)


def controls(snapshot: Snapshot, *, trained_here: bool) -> None:
    """Draw whatever the user can do with the run at the moment."""
    if snapshot.ended or not trained_here:
        _resume(snapshot, trained_here)
        return
    _transport(snapshot)
    if snapshot.status in ("running", "paused"):
        _steer(snapshot)


def _transport(snapshot: Snapshot) -> None:
    run_id, training, begun = snapshot.run_id, snapshot.status == "running", snapshot.status in ("running", "paused")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if training or not begun:
            st.button("Pause", icon=":material/pause:", on_click=send_command, args=(run_id, Pause()), disabled=not begun, shortcut="P")
        else:
            st.button("Resume", icon=":material/play_arrow:", on_click=send_command, args=(run_id, Resume()), type="primary", shortcut="P")
        st.button(
            "Step",
            icon=":material/skip_next:",
            on_click=_step,
            args=(run_id,),
            disabled=not begun,
            shortcut="S",
            help="Pause the run, then train the number of steps given beside this button. One step is one critic update.",
        )
        st.number_input("Steps per press", 1, 10_000, 1, key="step-count", width=150, label_visibility="collapsed", disabled=not begun)
        st.button(
            "Save now",
            icon=":material/save:",
            on_click=send_command,
            args=(run_id, SaveNow()),
            disabled=not begun,
            help="Save the networks of this step permanently. The run also saves steps by itself, but deletes some of the older ones as it "
            "goes on.",
        )
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=send_command,
            args=(run_id, Stop()),
            help="Save the networks and end the run. You can resume it later, with other settings if you like.",
        )


def send_command(run_id: str, command: Command) -> None:
    """Send a command to the run and wait up to half a second, so that the page can show its effect at once."""
    run = run_manager().get(run_id)
    if run is None:
        return
    before = run.snapshot
    steps = command.count if isinstance(command, StepOnce) and before.status == "paused" else 0
    run.send(command)
    deadline = time.monotonic() + 0.5
    while (run.snapshot.seq == before.seq or run.snapshot.step < before.step + steps) and time.monotonic() < deadline:
        time.sleep(0.01)


def _step(run_id: str) -> None:
    send_command(run_id, StepOnce(int(st.session_state["step-count"] or 1)))


def _steer(snapshot: Snapshot) -> None:
    """Settings that take effect at the next step. Each change is marked on the curves and recorded in the run's ledger."""
    _follow(snapshot)
    _row_of_settings(SCOPE, steered(snapshot.config), snapshot.run_id)
    with st.expander("More settings that you can change while it trains"):
        _row_of_settings(SCOPE, ALSO_LIVE, snapshot.run_id)


def _follow(snapshot: Snapshot) -> None:
    """Make the widgets show the values that the run uses now, even if another tab changed them."""
    names = (*steered(snapshot.config), *ALSO_LIVE)
    now = snapshot.run_id, tuple(getattr(snapshot.config, name) for name in names)
    if st.session_state.get("steer-follows") != now:
        settings.fill_widgets(SCOPE, snapshot.config, names)
        st.session_state["steer-follows"] = now


def _changed(run_id: str, name: str) -> Any:
    def send() -> None:
        # A value that cannot be used is not sent. The widget keeps it and shows the reason.
        with contextlib.suppress(ConfigError):
            send_command(run_id, Set({name: settings.value_of(SCOPE, name)}))

    return send


def _resume(snapshot: Snapshot, trained_here: bool) -> None:
    """For a run that has ended or that another process trains: offer to resume it, or say why that is not possible."""
    if not snapshot.ended:
        st.info("Another process trains this run. You can watch it here, but control it only there.", icon=":material/visibility:")
        return
    path = run_path(run_manager().root, snapshot.run_id)
    if not path.exists() or not RunFolder.open(path).can_resume():
        st.caption(
            "This run holds only the networks' weights, not the state of its training. You can explore it, but not resume it. “New run” "
            "starts from its settings."
        )
        return
    newest = snapshot.saved_steps[-1]
    names = (*steered(snapshot.config), "max_steps")
    if st.session_state.get("resume-follows") != (snapshot.run_id, newest):
        st.session_state["resume-follows"] = snapshot.run_id, newest
        goal = max(snapshot.config.max_steps, newest + 1000)
        settings.fill_widgets(RESUME_SCOPE, snapshot.config.replace(max_steps=goal), names)
    values = _row_of_settings(RESUME_SCOPE, names)
    if st.button(f"Resume from step {newest:,}", type="primary", icon=":material/play_arrow:", disabled=None in values.values()):
        _start_again(snapshot.run_id, values)


def _row_of_settings(scope: str, names: tuple[str, ...], run_id: str | None = None) -> dict[str, Any]:
    """Draw settings side by side. With `run_id`, a change is sent to that run at once. Returns the checked values."""
    values: dict[str, Any] = {}
    for column, name in zip(st.columns(len(names), gap="small"), names, strict=True):
        with column:
            on_change = _changed(run_id, name) if run_id else None
            values[name] = settings.setting_widget(scope, name, on_change=on_change, badge="")
    return values


def _start_again(run_id: str, changes: dict[str, Any]) -> None:
    try:
        run_manager().resume(run_id, changes)
    except (StoreError, ConfigError, DeviceBusy) as error:
        show_problem(error)
        return
    show_run(run_id)
