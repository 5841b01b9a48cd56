"""What differs between runs: settings with their live edits, the data, where a branch began. And nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from wgan_core.config import POINT_SETS, SCHEDULES, SETTINGS, SettingInfo, TrainConfig, check_value, in_use
from wgan_core.store.folder import RunFolder, StoreError, run_path

Course = tuple[tuple[int, Any], ...]
"""The values that a setting has had, each with the step after which it was in force (an edit made at a step holds from the next one on);
ascending. None while it had no effect."""
About = Literal["experiment", "machine"]
"""experiment: what is trained. machine: where it trains, and what is recorded of it."""

OF_THE_MACHINE = frozenset(("data_root", "device", "threads")) | {name for name, info in SETTINGS.items() if info.group == "record"}
"""Settings that describe where a run trains and what is recorded of it. They do not change what it learns."""
NO_EFFECT = "–"
"""In place of the value of a setting that has no effect under a run's other settings."""
_SHAPES = frozenset(schedule.shape for schedule in SCHEDULES.values())
_MAX_EDITS_SHOWN = 3
_MAX_ANCESTORS = 100


@dataclass(frozen=True)
class Described:
    """What a run was trained with, up to a step of it."""

    courses: Mapping[str, Course]
    """By the setting's name."""
    data: str
    """The data set, with the beginning of its fingerprint; empty if the run does not tell."""
    origin: str
    """Where the run began, if it is a branch."""


@dataclass(frozen=True)
class Difference:
    """One line of a comparison."""

    name: str
    """The setting, or `data` or `origin`."""
    label: str
    about: About
    values: tuple[str, ...]
    """In words, one for each run."""
    courses: tuple[Course, ...] = ()
    """One for each run; empty for `data` and `origin`."""


def described(folder: RunFolder, step: int | None = None) -> Described:
    """What the run in `folder` was trained with, up to `step`, or all of it. Raises StoreError if its ledger holds an impossible edit.

    A branch's past is that of its parent, as far as the parent's folder lies beside it.
    """
    parent = folder.parent
    return Described(
        courses=_courses(folder, step, set()),
        data=_data_in_words(folder.meta.get("dataset") or {}, drawn=is_drawn(folder.config)),
        origin="" if parent is None else f"branch of {parent.run_id} at step {parent.step:,}",
    )


def differences(runs: Sequence[Described]) -> tuple[Difference, ...]:
    """What is not the same in all of `runs`: first what is trained, then where and how it is recorded."""
    found = [
        Difference(name, info.label, "machine" if name in OF_THE_MACHINE else "experiment", _values(info, courses), courses)
        for name, info in SETTINGS.items()
        if len(set(courses := tuple(run.courses[name] for run in runs))) > 1
    ]
    for name, label, of in _BESIDES:
        if len(set(values := tuple(of(run) for run in runs))) > 1:
            found.append(Difference(name, label, "experiment", tuple(value or NO_EFFECT for value in values)))
    return tuple(sorted(found, key=lambda one: one.about == "machine"))


_BESIDES: tuple[tuple[str, str, Callable[[Described], str]], ...] = (
    ("data", "Data", lambda run: run.data),
    ("origin", "Began as", lambda run: run.origin),
)


def has_effect(config: TrainConfig, name: str) -> bool:
    """Whether the setting `name` changes anything under the other settings of `config`."""
    if not in_use(config, name) or (name in _SHAPES and getattr(config, name) == "constant"):
        return False
    return config.dataset not in POINT_SETS or name not in ("image_size", "generator_output", "augment")


def _courses(folder: RunFolder, until: int | None, seen: set[str]) -> dict[str, Course]:
    """The courses of all settings up to the step `until`. seen: ids of the branches that led here, for folders that name each other."""
    parent, config = folder.parent, folder.config
    courses: dict[str, Course] = {} if parent is None else _past(folder, parent.run_id, parent.step, seen | {folder.run_id})
    begun = 0 if parent is None else parent.step
    for name in SETTINGS:
        courses[name] = _extended(courses.get(name, ()), begun, getattr(config, name) if has_effect(config, name) else None)
    edits = folder.edits()
    folder.config_at(max((edit.step for edit in edits), default=0))  # raises StoreError if one of them is impossible
    for edit in edits:
        if has_effect(config, edit.field):
            # The value is a checked one, because a ledger may hold anything.
            courses[edit.field] = _extended(courses[edit.field], edit.step, check_value(edit.field, edit.new))
    return courses if until is None else {name: _until(until, course) for name, course in courses.items()}


def _past(folder: RunFolder, parent_id: str, step: int, seen: set[str]) -> dict[str, Course]:
    """The parent's courses up to the step where a branch began; empty if the parent is not there any more."""
    if parent_id in seen or len(seen) > _MAX_ANCESTORS:
        return {}
    try:
        return _courses(RunFolder.open(run_path(folder.path.parent, parent_id)), step, seen)
    except StoreError:
        return {}


def _until(step: int, course: Course) -> Course:
    """The part of a course under which `step` was trained; at least its beginning, for the first settings hold before anything is."""
    return tuple(one for one in course if one[0] < step) or course[:1]


def _extended(course: Course, step: int, value: Any) -> Course:
    """`course` with a value that is in force from `step` on."""
    before = tuple(one for one in course if one[0] < step)
    return before if before and before[-1][1] == value else (*before, (step, value))


def _values(info: SettingInfo, courses: Sequence[Course]) -> tuple[str, ...]:
    return tuple(course_in_words(info, course) for course in courses)


def course_in_words(info: SettingInfo, course: Course) -> str:
    """The values of a setting with their steps: "0.005, 0.01 after step 1,200"."""
    if course == ((0, None),):
        return NO_EFFECT
    (first_step, first), *later = course
    begin = _value_in_words(info, first) + (f" after step {first_step:,}" if first_step else "")
    shown = later if len(later) <= _MAX_EDITS_SHOWN else [*later[: _MAX_EDITS_SHOWN - 1], later[-1]]
    parts = [f"{_value_in_words(info, value)} after step {step:,}" for step, value in shown]
    if (left_out := len(later) - len(shown)) > 0:
        parts.insert(-1, f"{left_out} more edit{'s' if left_out > 1 else ''}")
    return ", ".join((begin, *parts))


def _value_in_words(info: SettingInfo, value: Any) -> str:
    if value is None:
        return "no effect"
    if isinstance(value, tuple):
        return "-".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, float):
        return np.format_float_positional(float(f"{value:.6g}"), trim="-")  # 0.00005 rather than 5e-05
    if info.kind == "int" and info.name != "seed":
        return f"{value:,}"
    return str(value) or "not set"


def is_drawn(config: TrainConfig) -> bool:
    """Whether the data are points that the run's seed draws from a known distribution. Then other points are still the same data."""
    return config.dataset in POINT_SETS and config.dataset != "csv"


def _data_in_words(data: Mapping[str, Any], *, drawn: bool) -> str:
    """ "8,000 images, fingerprint 29cc4e1c"; only what is there and of the right type, because a run may come from a stranger."""
    count = next((f"{data[kind]:,} {kind}" for kind in ("images", "points") if isinstance(data.get(kind), int)), "")
    fingerprint = data.get("fingerprint")
    mark = f"fingerprint {fingerprint[:8]}" if isinstance(fingerprint, str) and fingerprint and not drawn else ""
    return ", ".join(filter(None, (count, mark)))
