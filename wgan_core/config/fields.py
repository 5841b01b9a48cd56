"""The fields of a run's configuration, and how to build one from plain values. Import these names from `wgan_core.config`."""

from __future__ import annotations

import types
from typing import Any

from pydantic import ConfigDict, ValidationError, model_validator

from wgan_core.config.combinations import REFUSALS, AllFields
from wgan_core.config.setting_info import SettingInfo, describe_range, setting_info


class ConfigError(ValueError):
    """A setting with a value that cannot be used. The message is one sentence that names the setting and says what it accepts."""


class TrainConfig(AllFields):
    """One run: data, networks, recipe and length. Immutable. The defaults are the walkthrough's recipe on `digits`.

    Live fields (see `live_fields()`) may change while the run trains. Changing any other field needs a new run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _fits_together(self) -> TrainConfig:
        for refusal in REFUSALS:
            if reason := refusal(self):
                raise ValueError(reason)
        return self

    def replace(self, **changes: Any) -> TrainConfig:
        """A copy with `changes`, validated like a new config. Raises ConfigError."""
        return parse_config(self.model_dump() | changes)


SETTINGS: types.MappingProxyType[str, SettingInfo] = types.MappingProxyType(
    {name: setting_info(name, field) for name, field in TrainConfig.model_fields.items()}
)


def live_fields() -> frozenset[str]:
    """Names of the live settings, which may change while a run trains."""
    return frozenset(name for name, info in SETTINGS.items() if info.live)


def in_use(config: TrainConfig, name: str) -> bool:
    """Whether the setting `name` has any effect under the choices made in `config`."""
    setting, *choices = SETTINGS[name].only_with or ("",)
    return not setting or getattr(config, setting) in choices


def steered_by(method: str) -> tuple[str, ...]:
    """The live settings that belong to the Lipschitz method `method`."""
    return tuple(name for name, info in SETTINGS.items() if info.live and info.only_with[:1] == ("lipschitz",) and method in info.only_with)


def parse_config(values: dict[str, Any]) -> TrainConfig:
    """A config from plain values. Text is converted, and widths may be written as "512,256". Raises ConfigError with one sentence."""
    try:
        return TrainConfig(**_plain(values))
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """`values` with the widths in a list."""
    values = dict(values)
    for name in ("generator_widths", "critic_widths"):
        if isinstance(values.get(name), str):
            values[name] = [part.strip() for part in values[name].strip("()[] ").split(",") if part.strip()]
    return values


def check_value(name: str, value: Any) -> Any:
    """`value` converted to the type of the field `name` and checked against its range, whatever the other settings are. Raises
    ConfigError."""
    if name not in SETTINGS:
        return parse_config({name: value})  # which says so
    try:
        return getattr(AllFields(**_plain({name: value})), name)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """The first problem in `error` as one sentence in the user's terms."""
    problem = error.errors()[0]
    if problem["type"] == "value_error" and not problem["loc"]:
        return str(problem.get("ctx", {}).get("error"))
    name = " ".join(str(problem["loc"][0])[:60].split()) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"{name} is not a setting of this version."
    if name not in SETTINGS:
        return f"{name}: {problem['msg']}."
    got = problem.get("input")
    return f"{name} must be {describe_range(SETTINGS[name])}, not {repr(got)[:60]}."
