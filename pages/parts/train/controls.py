"""The controls of a run: buttons such as Pause and Stop, and the settings that may change while it trains."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from pages.parts.train.knobs import knobs
from pages.shared import library, settings
from pages.shared.limits import run_refused, steps_refused
from pages.shared.people import agree, allowed, asks_first, looks_on, my_name, of_others, refused, say_no
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from pages.shared.start import show_run
from pages.shared.text import as_plain
from wgan_core.access.permissions import Answer
from wgan_core.config import SCHEDULES, ConfigError, TrainConfig, is_scheduled, steered_by
from wgan_core.runs.manager import DeviceBusy
from wgan_core.runs.messages import By, Pause, Resume, SaveNow, Set, Snapshot, Steering, StepOnce, Stop
from wgan_core.runs.names import started_with
from wgan_core.store.folder import RunFolder, StoreError, run_path
from wgan_core.training.device import resolve_device

SCOPE, RESUME_SCOPE = "steer", "resume"
_ALWAYS_STEERED = ("n_critic", "critic_lr", "generator_lr")
ALSO_LIVE = ("max_steps", "log_every", "save_every", "instruments_budget", "history_budget", "best_by", "stop_after")


def steered(config: TrainConfig) -> tuple[str, ...]:
    """The settings that are worth changing while a run with `config` trains; after one that has a schedule, what that ends with."""
    names = (*steered_by(config.lipschitz), *_ALWAYS_STEERED)
    ends = {name: schedule.end for name, schedule in SCHEDULES.items() if is_scheduled(config, name)}
    return tuple(one for name in names for one in (name, ends.get(name)) if one is not None)


def toolbar(snapshot: Snapshot, *, trained_here: bool) -> None:
    """One row with whatever the user can do with the run at the moment."""
    if looks_on():
        return
    if _not_mine(snapshot.run_id):
        return
    if snapshot.ended or not trained_here:
        _resume(snapshot)
    else:
        _transport(snapshot)


def _not_mine(run_id: str) -> bool:
    """Whether the run is another's and is not steered from here; then says so, or asks."""
    answer = allowed("steer", run_id)
    if not answer and not answer.needs_name:
        st.caption(f":material/lock: {as_plain(answer.why)}")
        return True
    if not answer or not asks_first(run_id):
        return False
    names = as_plain(" and ".join(of_others(run_id)))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="run-toolbar"):
        st.caption(f":material/lock: This is {names}'s run.", width="content")
        st.button(
            f"Steer {names}'s run",
            icon=":material/lock_open:",
            on_click=agree,
            args=(run_id,),
            help="You can then stop it and change its settings. What you do is noted in the run with your name.",
        )
    return True


def may_steer(run_id: str) -> bool:
    """Whether the page offers to change the run."""
    answer = allowed("steer", run_id)
    return (bool(answer) and not asks_first(run_id)) or answer.needs_name


def steering(snapshot: Snapshot, *, trained_here: bool) -> None:
    """The knobs of a run that trains here. A change takes effect at the next step, is flagged on the curves and recorded in the ledger."""
    if trained_here and snapshot.status in ("running", "paused"):
        run_id = snapshot.run_id
        knobs(snapshot, steered(snapshot.config), lambda name, value: send_command(run_id, Set({name: value})))


def _transport(snapshot: Snapshot) -> None:
    run_id, training, begun = snapshot.run_id, snapshot.status == "running", snapshot.status in ("running", "paused")
    other = run_manager().in_the_way(run_id) if snapshot.status == "paused" else None
    waits = f"{title_of(other.snapshot)} is training on the same device. Pause or stop it first." if other is not None else None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="run-toolbar"):
        if training or not begun:
            st.button("Pause", icon=":material/pause:", on_click=send_command, args=(run_id, Pause()), disabled=not begun, shortcut="P")
        else:
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                on_click=send_command,
                args=(run_id, Resume()),
                type="primary",
                shortcut="P",
                disabled=waits is not None,
                help=waits,
            )
        st.button(
            "Step",
            icon=":material/skip_next:",
            on_click=_step,
            args=(run_id,),
            disabled=not begun or waits is not None,
            shortcut="S",
            help=waits or "Pause the run, then train the number of steps given beside this button. One step is one critic update.",
        )
        st.number_input("Steps per press", 1, 10_000, 1, key="step-count", width=120, label_visibility="collapsed", disabled=not begun)
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
            help="Save the networks and end the run. You can resume it later, with other settings if you like."
            if begun
            else "Take this run out of the queue."
            if snapshot.status == "queued"
            else "End the run.",
        )
        if begun:
            _follow(snapshot)
            with st.popover("More settings", icon=":material/tune:", type="tertiary", key="more-settings", on_change="rerun"):
                for name in ALSO_LIVE:
                    settings.setting_widget(SCOPE, name, on_change=_changed(run_id, name), badge="")


def title_of(snapshot: Snapshot) -> str:
    """What people call the run, for Markdown."""
    return as_plain(library.title_of(snapshot.run_id, started_with(snapshot.config, snapshot.edits)))


def send_command(run_id: str, command: Steering) -> None:
    """Send a command to the run and wait up to half a second, so that the page can show its effect at once."""
    run = run_manager().get(run_id)
    if run is None or (isinstance(command, Resume | StepOnce) and run_manager().in_the_way(run_id) is not None) or refused("steer", run_id):
        return
    if asks_first(run_id):
        say_no(Answer(False, f"This is another's run: press “Steer {' and '.join(of_others(run_id))}'s run” first."))
        return
    if isinstance(command, Set) and steps_refused(int(command.changes.get("max_steps", 0))):
        return
    before = run.snapshot
    steps = command.count if isinstance(command, StepOnce) and before.status == "paused" else 0
    run.send(By(name, command) if (name := my_name()) else command)
    deadline = time.monotonic() + 0.5
    while (run.snapshot.seq == before.seq or run.snapshot.step < before.step + steps) and time.monotonic() < deadline:
        time.sleep(0.01)


def _step(run_id: str) -> None:
    send_command(run_id, StepOnce(int(st.session_state["step-count"] or 1)))


def _follow(snapshot: Snapshot) -> None:
    """Make the widgets show the values that the run uses now, even if another tab changed them."""
    now = snapshot.run_id, tuple(getattr(snapshot.config, name) for name in ALSO_LIVE)
    if st.session_state.get("steer-follows") != now:
        settings.fill_widgets(SCOPE, snapshot.config, ALSO_LIVE)
        st.session_state["steer-follows"] = now


def _changed(run_id: str, name: str) -> Any:
    def send() -> None:
        # A value that cannot be used is not sent. The widget keeps it and shows the reason.
        try:
            value = settings.value_of(SCOPE, name)
        except ConfigError:
            return
        send_command(run_id, Set({name: value}))

    return send


def _resume(snapshot: Snapshot) -> None:
    """For a run that has ended or that another process trains: offer to resume it, or say why that is not possible."""
    if not snapshot.ended:
        st.caption(":material/visibility: Another process trains this run. You can watch it here, but control it only there.")
        return
    path = run_path(run_manager().root, snapshot.run_id)
    if not path.exists():
        st.caption(
            "This run ended before its training began, so there is nothing to resume or to explore. “New run” starts from its settings."
        )
        return
    folder = RunFolder.open(path)
    if not folder.can_resume():
        st.caption(
            "This run holds only the networks' weights, not the state of its training. You can explore it, but not resume it. “New run” "
            "starts from its settings."
        )
        return
    newest = folder.steps()[-1]  # a snapshot of a resume that has failed knows none
    names = (*steered(snapshot.config), "max_steps", *_of_this_machine(snapshot.config))
    if st.session_state.get("resume-follows") != (snapshot.run_id, newest):
        st.session_state["resume-follows"] = snapshot.run_id, newest
        goal = snapshot.config.max_steps if newest < snapshot.config.max_steps else newest + 1000
        settings.fill_widgets(RESUME_SCOPE, _as_here(snapshot.config).replace(max_steps=goal), names)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="run-toolbar"):
        place = st.container(width="content")
        with st.popover("Resume with other settings", icon=":material/tune:", type="tertiary", key="resume-settings", on_change="rerun"):
            values = {name: settings.setting_widget(RESUME_SCOPE, name, badge="") for name in names}
            if _as_here(snapshot.config).device != snapshot.config.device:
                st.caption(f"The run was trained on {snapshot.config.device}, which this machine does not have.")
        more = f" to {values['max_steps']:,}" if values["max_steps"] and newest >= snapshot.config.max_steps else ""
        pressed = place.button(
            f"Resume from step {newest:,}{more}",
            type="primary",
            icon=":material/play_arrow:",
            disabled=None in values.values(),
            help=f"Train on, up to step {values['max_steps']:,}." if values["max_steps"] else None,
        )
    if pressed:
        _start_again(snapshot.run_id, values)


def _of_this_machine(config: TrainConfig) -> tuple[str, ...]:
    """The settings that say where a run trains and where its data lies, as far as it has such data."""
    has_data = config.dataset in ("image-folder", "csv") or bool(config.data_root)
    return ("device", "data_root") if has_data and allowed("name a path") else ("device",)


def _as_here(config: TrainConfig) -> TrainConfig:
    """The config with a device that this machine has."""
    try:
        resolve_device(config.device)
    except ConfigError:
        return config.replace(device="auto")
    return config


def _start_again(run_id: str, changes: dict[str, Any]) -> None:
    if refused("resume", run_id) or asks_first(run_id) or run_refused(int(changes.get("max_steps") or 0), besides=run_id):
        return
    try:
        run_manager().resume(run_id, changes, by=my_name())
    except (StoreError, ConfigError, DeviceBusy) as error:
        show_problem(error)
        return
    show_run(run_id)
