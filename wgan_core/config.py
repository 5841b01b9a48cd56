"""Every setting of a training run, in one place.

`TrainConfig` is the single source: the command line's flags, the page's widgets, the parameters of a shared link and a run's
`config.json` are all derived from its fields. Nothing else repeats a default, a bound or a help text.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from wgan_core.train_config import ConfigError as ConfigError
from wgan_core.train_config import Group
from wgan_core.train_config import TrainConfig as TrainConfig


@dataclass(frozen=True)
class SettingInfo:
    """How one field of `TrainConfig` is presented: everything a widget, a flag or a link needs."""

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

    @property
    def flag(self) -> str:
        """The command line's name, e.g. `--clip-value`."""
        return "--" + self.name.replace("_", "-")


def _kind_and_choices(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice", typing.get_args(annotation)
    if origin is tuple:
        return "widths", ()
    return {int: "int", float: "float", str: "text"}[annotation], ()


def _setting_info(name: str) -> SettingInfo:
    field = TrainConfig.model_fields[name]
    kind, choices = _kind_and_choices(field.annotation)
    bounds = {key: getattr(item, key) for item in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(item, key)}
    extra = typing.cast(dict[str, Any], field.json_schema_extra)
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
        **extra,
    )


SETTINGS: types.MappingProxyType[str, SettingInfo] = types.MappingProxyType(
    {name: _setting_info(name) for name in TrainConfig.model_fields}
)


def live_fields() -> frozenset[str]:
    """Names of the fields that may change while a run trains."""
    return frozenset(name for name, info in SETTINGS.items() if info.live)


def parse_config(values: dict[str, Any]) -> TrainConfig:
    """A config from plain values (text is converted; widths may be "512,256"). Raises ConfigError in one sentence."""
    values = dict(values)
    for name in ("generator_widths", "critic_widths"):
        if isinstance(values.get(name), str):
            values[name] = [part.strip() for part in values[name].strip("()[] ").split(",") if part.strip()]
    try:
        return TrainConfig(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None


def check_value(name: str, value: Any) -> Any:
    """`value` converted to the type of field `name` and range-checked. Raises ConfigError."""
    return getattr(parse_config({name: value}), name)


def _sentence(error: ValidationError) -> str:
    """The first problem of `error` as one sentence in the user's words."""
    problem = error.errors()[0]
    if problem["type"] == "value_error" and not problem["loc"]:
        return str(problem.get("ctx", {}).get("error"))
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"{name} is not a setting of this version."
    if name not in SETTINGS:
        return f"{name}: {problem['msg']}."
    got = problem.get("input")
    return f"{name} must be {describe_range(SETTINGS[name])}, not {repr(got)[:60]}."


def describe_range(info: SettingInfo) -> str:
    """What a setting takes, in words: "a whole number from 1 to 1000"."""
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


# Presets. The numbers are the sources'; PRESET_NOTES says what to expect of each, measured.
PRESETS: types.MappingProxyType[str, TrainConfig] = types.MappingProxyType(
    {
        # Found by measuring 22 settings on one core for 3, 6 and 12 s each: sliced W1 to the real digits, and the share of images that a
        # classifier of real digits is sure of. Small networks, a small BatchNorm eps and high learning rates are what makes it quick.
        "quick-start": TrainConfig(
            dataset="digits",
            image_size=16,
            latent_dim=16,
            generator_widths=(128, 256),
            critic_widths=(256, 128),
            batchnorm_eps=0.1,
            clip_value=0.01,
            n_critic=3,
            critic_lr=3e-4,
            generator_lr=5e-4,
            threads=1,
            max_steps=20_000,
        ),
        "walkthrough": TrainConfig(dataset="fashion-mnist", max_steps=187_600),
        "pytorch-gan": TrainConfig(dataset="mnist", image_size=28, clip_value=0.01, n_critic=5, max_steps=187_600),
        "pytorch-gan-gp": TrainConfig(
            dataset="mnist",
            image_size=28,
            lipschitz="gradient-penalty",
            n_critic=5,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            max_steps=187_600,
        ),
        # The walkthrough's announced next step, with its faults mended: one score an image at 32 px, no BatchNorm in the critic, fresh
        # images at each critic update.
        "walkthrough-next": TrainConfig(
            dataset="fashion-mnist",
            architecture="dcgan",
            critic_norm="layer",
            weight_init="normal",
            batchnorm_eps=1e-5,
            lipschitz="gradient-penalty",
            n_critic=5,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            batch_size=128,
            latent_dim=64,
            max_steps=50_000,
        ),
    }
)

PRESET_NOTES: types.MappingProxyType[str, str] = types.MappingProxyType(
    {
        "quick-start": "Small networks on 1,797 handwritten digits that come with the installation. On one core of a 2-core machine first "
        "digits can be made out after 5 s, and the whole run takes a minute.",
        "walkthrough": "The video walkthrough's WGAN: MLPs, 32 × 32 px, clip 0.005, n_critic 25. 116 steps/s on one core of a 2-core "
        "machine: 27 minutes for the whole run.",
        "pytorch-gan": "The WGAN of the PyTorch-GAN collection: the walkthrough's networks, 28 × 28 px, clip 0.01, n_critic 5. A sibling "
        "(32 px, clip 0.005) showed digits and clothes after 6,400 steps, about a minute on one core.",
        "pytorch-gan-gp": "PyTorch-GAN's WGAN-GP: the same networks, no clipping, gradient penalty with λ 10, Adam 2e-4. "
        "About 50 steps/s on one core.",
        "walkthrough-next": "The walkthrough's announced next step, done right: convolutions and gradient penalty at 32 px. Meant for "
        "a GPU: one core does 1 step/s, or 14 with DCGAN width 16 and batch size 64.",
    }
)
