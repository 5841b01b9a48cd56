"""How one setting is presented by a widget, a flag or a link."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

Group = Literal["recipe", "run", "data", "networks", "record"]


@dataclass(frozen=True)
class SettingInfo:
    """How one field of the config is presented: everything that a widget, a flag or a link needs to know."""

    name: str
    kind: Literal["int", "float", "text", "choice", "widths"]
    default: Any
    label: str
    help: str
    unit: str
    live: bool
    group: Group
    step: float | None
    low: float | None
    low_is_allowed: bool
    high: float | None
    high_is_allowed: bool
    choices: tuple[str, ...]
    only_with: tuple[str, ...] = ()
    """The choices that this setting belongs to, as (setting, choice, ...). Under any other choice of that setting it has no effect."""

    @property
    def flag(self) -> str:
        """The name on the command line, e.g. `--clip-value`."""
        return "--" + self.name.replace("_", "-")


def _kind_and_choices(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice", typing.get_args(annotation)
    if origin is tuple:
        return "widths", ()
    return {int: "int", float: "float", str: "text"}[annotation], ()


def setting_info(name: str, field: FieldInfo) -> SettingInfo:
    """The presentation of the setting `name`, read from `field`, which `fields._setting` made."""
    kind, choices = _kind_and_choices(field.annotation)
    bounds = {key: getattr(item, key) for item in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(item, key)}
    extra = dict(typing.cast(dict[str, Any], field.json_schema_extra))
    return SettingInfo(
        name=name,
        kind=kind,
        default=field.default,
        label=field.title or name,
        help=field.description or "",
        low=bounds.get("ge", bounds.get("gt")),
        low_is_allowed="gt" not in bounds,
        high=bounds.get("le", bounds.get("lt")),
        high_is_allowed="lt" not in bounds,
        choices=choices,
        only_with=tuple(extra.pop("only_with")),
        **extra,
    )


def describe_range(info: SettingInfo) -> str:
    """The values that a setting accepts, in words: "a whole number from 1 to 1000"."""
    if info.kind == "choice":
        return "one of " + ", ".join(info.choices)
    if info.kind == "widths":
        return "1 to 16 whole numbers from 1 to 8192 separated by commas, like 512,256"
    if info.kind == "text":
        return "text of at most 4096 characters"
    noun = "a whole number" if info.kind == "int" else "a number"
    if not info.high_is_allowed:
        return f"{noun} from {info.low:g} to below {info.high:g}"
    if info.low_is_allowed:
        return f"{noun} from {info.low:g} to {info.high:,g}" if info.kind == "float" else f"{noun} from {info.low} to {info.high:,}"
    return f"{noun} above {info.low:g} and at most {info.high:g}"


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    group: Group,
    unit: str = "",
    live: bool = False,
    step: float | None = None,
    only_with: tuple[str, ...] = (),
    **bounds: Any,
) -> Any:
    """A pydantic field that also carries what a widget or a command-line flag needs in order to show it."""
    extra: JsonDict = {"unit": unit, "live": live, "group": group, "step": step, "only_with": list(only_with)}
    if isinstance(default, float):
        bounds.setdefault("allow_inf_nan", False)
    return Field(default, title=label, description=help, json_schema_extra=extra, **bounds)
