"""What can be asked of a run by name: in a filter, for sorting, for grouping, and as a column of a table."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, cast

from wgan_core.config import SETTINGS
from wgan_core.library.entry import Entry
from wgan_core.store.readings import DISTANCES, KINDS

FieldKind = Literal["number", "text", "choice", "time"]
"""number: compared by size. text: found anywhere in it. choice: equal, whatever the capitals. time: a date, or the beginning of one."""


class FieldError(ValueError):
    """A name that is not known. The message is one sentence."""


@dataclass(frozen=True)
class Field:
    """One thing to ask of a run."""

    name: str
    label: str
    kind: FieldKind
    get: Callable[[Entry], Any]
    """None where the run has no such value; a tuple where it has several."""
    units: Mapping[str, float] = dataclasses.field(default_factory=lambda: {"k": 1e3, "m": 1e6})
    """What may follow a number in a filter."""


class Best(NamedTuple):
    """Where a measure was best."""

    value: float
    step: int


_SECONDS = MappingProxyType({"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0})
_MEGABYTES = MappingProxyType({"kB": 1e-3, "MB": 1.0, "GB": 1e3})
_ALIASES = {
    "data": "dataset",
    "steps": "step",
    "id": "name",
    "run": "name",
    "time": "seconds",
    "date": "created",
    "mb": "size",
    "tags": "tag",
    "pinned": "pin",
    "branch_of": "parent",
    "c": "clip_value",
    "lambda": "gp_lambda",
    "lr": "critic_lr",
}


def measure_name(key: str) -> str:
    """The name of an instrument's last value: `sliced-w1` becomes `sliced_w1`."""
    return key.replace("-", "_")


def setting_value(entry: Entry, name: str) -> Any:
    """The run's setting at its last step; None where it has no effect."""
    setting, *choices = SETTINGS[name].only_with or ("",)
    if setting and entry.settings.get(setting) not in choices:
        return None
    value = entry.settings.get(name)
    return "-".join(map(str, cast("list[int]", value))) if isinstance(value, list) else value


def best_of(entry: Entry, key: str) -> Best | None:
    """Where the instrument `key` read its best value; None if no end of its values is the good one."""
    one = entry.measures.get(key)
    return Best(one.best, one.best_step) if one is not None and one.best is not None and one.best_step is not None else None


def field(name: str) -> Field:
    """The field called `name`, also with hyphens, with capitals, or as a flag. Raises FieldError."""
    plain = name.strip().lstrip("-").replace("-", "_")
    known = FIELDS.get(plain) or FIELDS.get(plain.lower()) or FIELDS.get(_ALIASES.get(plain.lower(), ""))
    if known is None:
        close = difflib.get_close_matches(plain.lower(), [*FIELDS, *_ALIASES], n=1)
        hint = f"did you mean {close[0]}?" if close else "try a setting such as n_critic, or dataset, status, tag, step, sliced_w1."
        raise FieldError(f"Runs have nothing called {name[:40]!r}: {hint}")
    return known


def sorted_by(entries: Iterable[Entry], name: str, *, reverse: bool = False) -> list[Entry]:
    """The entries in the order of that field, with `reverse` from the largest; those without a value last. Raises FieldError."""
    wanted = field(name)
    found = [(wanted.get(entry), entry) for entry in entries]
    have = sorted((one for one in found if one[0] is not None), key=lambda one: _rank(one[0]), reverse=reverse)
    return [entry for _, entry in (*have, *(one for one in found if one[0] is None))]


def differing(entries: Sequence[Entry]) -> list[str]:
    """The settings in which these runs differ, those of the recipe first; without those of machine and records. A setting that some
    runs do not use at all, and that is the same in the others, tells nothing more than the one that decides about its use."""
    sound = [entry for entry in entries if not entry.damaged]
    names = [name for name in SETTINGS if SETTINGS[name].group != "record" and name not in ("data_root", "device", "threads", "dataset")]
    return [name for name in names if _differ(setting_value(entry, name) for entry in sound)]


def _differ(values: Iterable[Any]) -> bool:
    """Whether there are two different values that are not None. Looks no further than to the first two."""
    known = (value for value in values if value is not None)
    first = next(known, None)
    return any(value != first for value in known)


def _rank(value: Any) -> tuple[bool, Any]:
    """So that numbers come before words where a field has both."""
    return (False, value) if isinstance(value, (int, float)) else (True, str(value).casefold())


def _setting(name: str) -> Field:
    info = SETTINGS[name]
    kind: FieldKind = "number" if info.kind in ("int", "float") else "choice" if info.kind == "choice" else "text"
    return Field(name, info.label, kind, lambda entry: setting_value(entry, name))


def _value(key: str) -> Callable[[Entry], Any]:
    return lambda entry: one.value if (one := entry.measures.get(key)) is not None else None


def _best(key: str) -> Callable[[Entry], Any]:
    return lambda entry: one.value if (one := best_of(entry, key)) is not None else None


def _of_runs() -> Iterable[Field]:
    yield Field("name", "Id", "text", lambda entry: entry.name)
    yield Field("title", "Title", "text", lambda entry: entry.title)
    yield Field("note", "Note", "text", lambda entry: entry.note or None)
    yield Field("tag", "Tags", "choice", lambda entry: entry.labels.tags or None)
    yield Field("pin", "Pinned", "choice", lambda entry: "yes" if entry.labels.pinned else "no")
    yield Field("status", "Status", "choice", lambda entry: "damaged" if entry.damaged else entry.status or "unknown")
    yield Field("created", "Created", "time", lambda entry: entry.created or None)
    yield Field("step", "Steps", "number", lambda entry: entry.step)
    yield Field("generator_updates", "Generator updates", "number", lambda entry: entry.generator_updates)
    yield Field("seconds", "Training time", "number", lambda entry: entry.seconds, _SECONDS)
    yield Field("size", "Size", "number", lambda entry: entry.size / 1e6, _MEGABYTES)
    yield Field("estimate", "Wasserstein estimate", "number", lambda entry: entry.estimate)
    yield Field("parent", "Branch of", "text", lambda entry: entry.parent or None)
    yield Field("edited", "Edited settings", "choice", lambda entry: tuple(entry.edited) or None)


def _all_fields() -> Iterable[Field]:
    yield from (_setting(name) for name in SETTINGS)
    yield from _of_runs()
    for key, kind in KINDS.items():
        yield Field(measure_name(key), kind.title, "number", _value(key))
    for key in (*DISTANCES, "modes", "classes"):
        yield Field(f"best_{measure_name(key)}", f"Best {KINDS[key].title}", "number", _best(key))


FIELDS: MappingProxyType[str, Field] = MappingProxyType({one.name: one for one in _all_fields()})
"""By name."""
