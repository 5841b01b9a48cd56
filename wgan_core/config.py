"""Every setting of a training run, in one place.

`TrainConfig` is the single source: the command line's flags, the page's widgets, the parameters of a shared link and a run's
`config.json` are all derived from its fields. Nothing else repeats a default, a bound or a help text.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

DatasetName = Literal["digits", "fashion-mnist", "mnist", "kmnist", "cifar10", "image-folder"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Group = Literal["recipe", "run", "data", "networks", "record"]

Width = Annotated[int, Field(ge=1, le=8192)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)]


class ConfigError(ValueError):
    """A setting that cannot be used. Its text is one sentence that names the setting and what it takes."""


def _setting(
    default: Any,
    *,
    label: str,
    help: str,
    group: Group,
    unit: str = "",
    live: bool = False,
    step: float | None = None,
    **bounds: Any,
) -> Any:
    """A pydantic field that also carries what a widget or a flag needs to present it."""
    extra = {"unit": unit, "live": live, "group": group, "step": step}
    if isinstance(default, float):
        bounds.setdefault("allow_inf_nan", False)
    return Field(default, title=label, description=help, json_schema_extra=extra, **bounds)


class TrainConfig(BaseModel):
    """One experiment: data, networks, recipe and budget. Immutable; the defaults are the walkthrough's recipe on `digits`.

    Fields marked live may change while the run trains (`live_fields()`); any other change needs a new run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The recipe: WGAN, arXiv 1701.07875, algorithm 1, with the walkthrough's numbers; WGAN-GP is arXiv 1704.00028.
    lipschitz: Literal["clip", "gradient-penalty", "none"] = _setting(
        "clip",
        label="Lipschitz method",
        group="recipe",
        help="What keeps the critic from being arbitrarily steep. clip: its weights are clipped (the WGAN paper). gradient-penalty: the "
        "slope between real and generated images is pulled towards 1 (the WGAN-GP paper). none: nothing, to see why one is needed.",
    )
    clip_value: float = _setting(
        0.005,
        label="Clip value c",
        group="recipe",
        live=True,
        gt=0,
        le=10,
        step=0.001,
        help="After each critic update every critic weight is clipped to [-c, c]. This keeps the critic Lipschitz. "
        "Smaller c: flatter critic, smaller scores; the scale of the estimate changes with c.",
    )
    gp_lambda: float = _setting(
        10.0,
        label="Penalty weight λ",
        group="recipe",
        live=True,
        gt=0,
        le=10_000,
        step=1,
        help="For the gradient penalty only. The critic minimises −estimate + λ · mean (‖gradient‖ − 1)², taken at random points between "
        "real and generated images.",
    )
    n_critic: int = _setting(
        25,
        label="n_critic",
        group="recipe",
        live=True,
        ge=1,
        le=1000,
        help="Critic updates per generator update, counted since the last generator update; it does not restart at an epoch's end. "
        "More: a better critic and an honester estimate, but fewer generator updates per second.",
    )
    critic_lr: float = _setting(
        5e-5,
        label="Critic learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the critic's optimiser. Too large makes the estimate jump.",
    )
    generator_lr: float = _setting(
        5e-5,
        label="Generator learning rate",
        group="recipe",
        live=True,
        gt=0,
        le=1,
        step=1e-5,
        help="Step size of the generator's optimiser. If samples flicker without improving, lower it.",
    )
    optimizer: Literal["rmsprop", "adam"] = _setting(
        "rmsprop",
        label="Optimiser",
        group="recipe",
        help="Of both networks. With clipping take rmsprop: the WGAN paper reports that momentum, as in Adam, made training unstable. The "
        "gradient penalty gets along with adam.",
    )
    adam_beta1: float = _setting(
        0.5, label="Adam β1", group="recipe", ge=0, lt=1, step=0.1, help="For adam only: decay of the mean of the gradients."
    )
    adam_beta2: float = _setting(
        0.9, label="Adam β2", group="recipe", ge=0, lt=1, step=0.01, help="For adam only: decay of the mean of their squares."
    )
    batch_size: int = _setting(
        64,
        label="Batch size",
        group="recipe",
        unit="images",
        ge=2,
        le=4096,
        help="Real images, and as many generated ones, per critic update. BatchNorm needs at least 2.",
    )

    # The budget.
    max_steps: int = _setting(
        100_000,
        label="Stop after",
        group="run",
        unit="critic updates",
        live=True,
        ge=1,
        le=1_000_000_000,
        help="The run finishes at this step. A step is one critic update. It can be raised later and the run continued.",
    )
    seed: int = _setting(
        0,
        label="Seed",
        group="run",
        ge=0,
        le=2**31 - 1,
        help="Fixes initial weights, noise and order of the data. Same settings, seed and thread count on CPU: same run, bit for bit.",
    )
    device: DeviceName = _setting(
        "auto",
        label="Device",
        group="run",
        help="auto takes cuda, else mps (Apple), else cpu.",
    )
    threads: int = _setting(
        0,
        label="CPU threads",
        group="run",
        ge=0,
        le=256,
        help="Threads for the mathematics on CPU. 0: all cores but one, which is left to the page and the browser; a machine with nothing "
        "else to do may take them all. Another number may change the last bits of the results.",
    )

    # The data.
    dataset: DatasetName = _setting(
        "digits",
        label="Data set",
        group="data",
        help="digits comes with the installation; fashion-mnist, mnist, kmnist and cifar10 are downloaded once on request; "
        "image-folder reads any folder of images.",
    )
    data_root: str = _setting(
        "",
        label="Data folder",
        group="data",
        max_length=4096,
        help="Where downloaded data sets lie; for image-folder, the folder of images. "
        "Empty: the environment variable WGAN_DATA_ROOT, else a folder in your cache.",
    )
    image_size: int = _setting(
        32,
        label="Image size",
        group="data",
        unit="px",
        ge=4,
        le=128,
        help="Images are resized once to this many pixels a side, with antialiasing.",
    )

    # The networks.
    latent_dim: int = _setting(
        100,
        label="Latent dimensions",
        group="networks",
        ge=1,
        le=1024,
        help="Length of the noise vector z ~ N(0, I) that the generator turns into an image.",
    )
    generator_widths: Widths = _setting(
        (128, 256, 512, 1024),
        label="Generator hidden widths",
        group="networks",
        help="Hidden layers of the generator, first to last. BatchNorm1d on all but the first.",
    )
    critic_widths: Widths = _setting(
        (512, 256),
        label="Critic hidden widths",
        group="networks",
        help="Hidden layers of the critic, first to last. It has no BatchNorm and ends in one unbounded score.",
    )
    leaky_slope: float = _setting(
        0.2,
        label="LeakyReLU slope",
        group="networks",
        ge=0,
        le=1,
        step=0.05,
        help="Slope for negative inputs, in both networks. 0 is ReLU.",
    )
    batchnorm_eps: float = _setting(
        0.8,
        label="BatchNorm eps",
        group="networks",
        gt=0,
        le=10,
        step=0.1,
        help="Added to the variance. The walkthrough writes BatchNorm1d(n, 0.8), which sets eps, not momentum; kept as it is.",
    )
    weight_init: Literal["pytorch", "normal"] = _setting(
        "pytorch",
        label="Weight initialisation",
        group="networks",
        help="pytorch: PyTorch's default for Linear layers. normal: mean 0, sd 0.02, biases 0; the walkthrough's utility, which in its own "
        "code matches no Linear layer and so changes nothing; here it does reach them.",
    )

    # What is recorded and kept.
    log_every: int = _setting(
        5,
        label="Record every",
        group="record",
        unit="critic updates",
        live=True,
        ge=1,
        le=10_000,
        help="Distance of the points of the curves and of the rows in metrics.csv.",
    )
    save_every: float = _setting(
        60.0,
        label="Save at least every",
        group="record",
        unit="s",
        live=True,
        ge=1,
        le=86_400,
        step=10,
        help="Steps are also saved at logarithmic spacing from the start, so that the run's history can be walked through.",
    )

    def replace(self, **changes: Any) -> TrainConfig:
        """A copy with `changes`, checked as a new config is. Raises ConfigError."""
        return parse_config(self.model_dump() | changes)


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
        "pytorch-gan-gp": "PyTorch-GAN's WGAN-GP: the same networks, no clipping, gradient penalty with λ 10, Adam 2e-4.",
    }
)
