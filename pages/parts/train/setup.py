"""The set-up form of the Train page: preset, data set, all settings and the start button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.train import branch_form
from pages.parts.train.branch_form import Origin
from pages.parts.train.epochs import epochs_field
from pages.parts.train.forecast import cost, data_advice
from pages.parts.train.image_upload import image_upload, show_images
from pages.parts.train.preset_cards import AIM_KEY, preset_cards
from pages.parts.train.schedule_form import length_of_schedules, schedule_fields, show_schedules
from pages.shared import data_place, settings
from pages.shared.page_address import write_address
from pages.shared.people import refused, shuts
from pages.shared.point_upload import point_upload, show_file_check
from pages.shared.problems import problem_text, show_problem
from pages.shared.schedules import by_schedule
from pages.shared.server import downloads
from pages.shared.start import offer_queue, start_branch, start_run
from pages.shared.text import as_plain, inert
from wgan_core.config import OF_SHAPES, POINT_SETS, PRESETS, SETTINGS, ConfigError, TrainConfig, has_schedule, steered_by
from wgan_core.data.catalog import DATASETS
from wgan_core.data.download import is_available
from wgan_core.instruments.advice import Observations
from wgan_core.instruments.verdict import verdict
from wgan_core.runs.branch import OF_DATA
from wgan_core.training.device import resolve_device

SCOPE = "setup"
_STYLE = Path(__file__).with_name("setup.css")
PRESET_KEY = "setup-preset"
_RATES = ("n_critic", "critic_lr", "generator_lr", "lr_schedule")
_FIRST = ("batch_size", "max_steps", "seed")
_FOLDED = (
    {"networks": "Networks"},
    {"data": "Data", "recipe": "Training"},
    {"run": "Device and threads", "record": "Recording and saving"},
)
"""The groups of settings that rarely need changing, column by column."""


def setup_form() -> None:
    """Everything needed to start a run. The settings are kept in the URL, so a link to the page is a link to the experiment."""
    st.html(_STYLE)
    branch = branch_form.origin()
    _take_over_link(branch)
    data_place.offer(settings.widget_key(SCOPE, "data_root"))
    preset = st.session_state[PRESET_KEY]
    if branch is not None:
        branch_form.says(branch)
    else:
        preset_cards(preset, _choose_preset)
    values: dict[str, Any] = {}
    examples, useless = None, ""
    data, recipe = st.columns([2, 3], gap="large")
    with data:
        values["dataset"] = settings.setting_widget(SCOPE, "dataset")
        if values["dataset"] in POINT_SETS or branch is not None:  # points have no size; kept in case images are chosen again
            values["image_size"] = st.session_state[settings.widget_key(SCOPE, "image_size")]
        else:
            values["image_size"] = settings.setting_widget(SCOPE, "image_size")
        if values["dataset"] == "image-folder":
            image_upload(settings.widget_key(SCOPE, "data_root"))
            values["data_root"] = settings.setting_widget(SCOPE, "data_root")
            values |= {name: settings.setting_widget(SCOPE, name) for name in ("fit", "flip", "augment")}
            examples = st.container()
        elif values["dataset"] == "csv":
            point_upload(settings.widget_key(SCOPE, "data_root"))
            values["data_root"] = settings.setting_widget(SCOPE, "data_root")
            useless = show_file_check(values["data_root"])
        _describe_dataset(values["dataset"])
    with recipe:
        left, right = st.columns(2)
        method, schedule = (st.session_state[settings.widget_key(SCOPE, name)] for name in ("lipschitz", "lr_schedule"))
        of_schedule = ("lr_end",) if schedule in SETTINGS["lr_end"].only_with else ()
        for index, name in enumerate(("objective", "lipschitz", *steered_by(method), *_RATES, *of_schedule, *_FIRST)):
            with (left, right)[index % 2]:
                values[name] = settings.setting_widget(SCOPE, name)
                if name == "max_steps":
                    epochs_field(SCOPE)
        values |= schedule_fields(SCOPE, method)
        values |= length_of_schedules(SCOPE, values)
    if branch is not None:
        values |= {name: getattr(branch.config, name) for name in OF_SHAPES}
    if values["dataset"] != "image-folder":  # kept in case own images are chosen again
        values |= {name: st.session_state[settings.widget_key(SCOPE, name)] for name in ("fit", "channels", "tones", "frames")}
    values |= _folded_settings([name for name in SETTINGS if name not in values])
    data_place.trust(values.get("data_root"))
    config = settings.complete_config(values)
    if branch is None:
        _show_changes(values, PRESETS[preset], "preset", partial(_choose_preset, preset))
    else:
        _show_changes(values, branch.config, "parent", partial(settings.fill_widgets, SCOPE, branch.config))
    if config is not None:
        if examples is not None:
            with examples:
                useless = show_images(config)
        show_schedules(config)
        if branch is not None and has_schedule(config):
            begins, had = (", ".join(by_schedule(one, branch.step, branch.generator_updates)) for one in (config, branch.config))
            before = f"the parent had {had}" if had else "the parent had no schedule"
            over = "Schedules go by generator updates" if config.schedule_updates else "Schedules go over a run's whole length"
            st.caption(f"{over}: at step {branch.step:,} this branch begins with {begins}; {before}.")
        _advise(config)
        data_advice(config)
    params = settings.write_link(preset, values) if branch is None else branch.link(values)
    st.session_state["setup-link"] = params
    write_address(params)
    with st.container(gap="xsmall", key="setup-start"):
        _start(config, branch, useless)


def _take_over_link(branch: Origin | None) -> None:
    """Fill the widgets from the URL if it has changed, or from the default preset on the first visit."""
    params = {name: value for name, value in st.query_params.items() if name in ("preset", branch_form.PARAM) or name in SETTINGS}
    known = st.session_state.get("setup-link")
    if known is not None and (not params or params == known):
        return
    preset, config, problems = settings.read_link(params)
    if branch is not None:
        config, problems = settings.read_changes(branch.start, params, "parent")
    st.session_state[PRESET_KEY] = preset
    st.session_state.pop(AIM_KEY, None)  # the cards begin with those of this preset
    settings.fill_widgets(SCOPE, config)
    for problem in problems:
        st.warning(inert(problem), icon=":material/link_off:")


def _choose_preset(name: str) -> None:
    st.session_state[PRESET_KEY] = name
    settings.fill_widgets(SCOPE, PRESETS[name])


def _folded_settings(names: list[str]) -> dict[str, Any]:
    """The settings that rarely need changing, in groups. Those that have no effect under the choices made so far are left out."""
    values = {name: _left_out(name) for name in names if not _has_effect(name)}
    names = [name for name in names if name not in values]
    with st.expander("More settings: networks, device, data folder, recording", key="setup-more", on_change="rerun"):
        settings.names_toggle()
        for column, groups in zip(st.columns(len(_FOLDED), gap="medium"), _FOLDED, strict=True):
            for group, title in groups.items():
                with column:
                    values |= _group_of_settings(title, [name for name in names if SETTINGS[name].group == group])
    return values


def _group_of_settings(title: str, names: list[str]) -> dict[str, Any]:
    if names:
        st.markdown(f"**{title}**")
    return {name: settings.setting_widget(SCOPE, name) for name in names}


def _has_effect(name: str) -> bool:
    if name == "schedule_updates":
        return False  # it is shown with the schedules, if there are any
    setting, *choices = SETTINGS[name].only_with or ("",)
    return not setting or (_has_effect(setting) and st.session_state[settings.widget_key(SCOPE, setting)] in choices)


def _left_out(name: str) -> Any:
    """The value of a setting that is not shown: as it was left, in case it is shown again. But a choice that has been left out must not be
    in the way of those that are shown."""
    info = SETTINGS[name]
    try:
        return info.default if info.kind == "choice" else settings.value_of(SCOPE, name)
    except ConfigError:
        return info.default


def _describe_dataset(name: str | None) -> None:
    if name is not None:
        info = DATASETS[name]
        st.caption(info.description)


def _show_changes(values: dict[str, Any], start: TrainConfig, name_of_start: str, reset: Callable[[], None]) -> None:
    """Show in one line what differs from the preset, or from a branch's parent."""
    changed = [name for name, value in values.items() if value is not None and value != getattr(start, name)]
    if changed:
        shown = {name: settings.as_widget_value(SETTINGS[name], values[name]) for name in changed}
        if "data_root" in shown:
            shown["data_root"] = data_place.in_words(shown["data_root"])
        listed = ", ".join(f"{SETTINGS[name].label} {value}" for name, value in shown.items())
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(as_plain(f"Changed from the {name_of_start}: {listed}."), width="content")
            st.button(f"Reset to the {name_of_start}", on_click=reset, type="tertiary", icon=":material/undo:")


def _advise(config: TrainConfig) -> None:
    """Warn about settings that are known to work badly, alone or together."""
    for found in verdict(Observations(config)):
        (st.warning if found.level == "warning" else st.info)(found.text, icon=":material/lightbulb:")


def _start(config: TrainConfig | None, branch: Origin | None, useless: str) -> None:
    """The start button, or what has to happen before the run can start. useless: why there can be no run on these data; "" if there can."""
    if config is None:
        st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=True)
        st.caption("One of the settings above cannot be used yet. The message below it says which values are allowed.")
        return
    try:
        resolve_device(config.device)
    except ConfigError as error:
        show_problem(error)
        return
    if not is_available(config):
        _download(config)
        return
    of_parent = branch is not None and all(getattr(config, name) == getattr(branch.config, name) for name in OF_DATA)
    why_not = "" if of_parent else problem_text(useless)  # a branch finds its parent's data also where they lie now
    shut = shuts("start" if branch is None else "branch", help=why_not or None, disabled=bool(why_not))
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Start training" if branch is None else f"Train on from step {branch.step:,}"
        pressed = st.button(label, type="primary", icon=":material/play_arrow:", shortcut="Mod+Enter", **shut)
        cost(config)
    if why_not:
        st.caption(why_not)
    start = partial(start_run, config)
    if branch is not None:
        start = partial(start_branch, branch.run_id, branch.step, branch.changes(config))
    if pressed:
        start()
    offer_queue(start, why_not)


def _download(config: TrainConfig) -> None:
    """Offer the download, or show its progress."""
    info = DATASETS[config.dataset]
    state = downloads().get(config)
    if state is not None and not state.done:
        st.fragment(_download_progress, run_every=0.5)(config)
        return
    if state is not None and state.error:
        show_problem(state.error, icon=":material/cloud_off:")
    st.info(f"{info.title} has to be downloaded first: {info.images:,} images, about {info.megabytes} MB.")
    wanted = st.button(f"Download {info.title}", type="primary", icon=":material/download:", **shuts("download data"))
    if wanted and not refused("download data"):
        downloads().start(config)
        st.rerun()


def _download_progress(config: TrainConfig) -> None:
    state = downloads().get(config)
    if state is None or state.done:
        st.rerun()
    st.progress(min(1.0, state.fraction), text=f"Downloading {DATASETS[config.dataset].title}: {state.fraction:.0%}")
