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

from wgan_core.train_config import POINT_SETS as POINT_SETS
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
    name = " ".join(str(problem["loc"][0])[:60].split()) if problem["loc"] else "settings"
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


_TOY = TrainConfig(
    dataset="8-gaussians",
    generator_norm="none",
    leaky_slope=0.0,
    latent_dim=2,
    generator_widths=(512, 512, 512),
    critic_widths=(512, 512, 512),
    batch_size=256,
    n_critic=5,
    max_steps=500_000,
)

_WGAN_PAPER = TrainConfig(
    dataset="cifar10", image_size=64, clip_value=0.01, n_critic=5, critic_warmup="original", batch_size=64, latent_dim=100, max_steps=19_550
)
_GP_PAPER = TrainConfig(
    architecture="dcgan",
    batchnorm_eps=1e-5,
    latent_dim=128,
    lipschitz="gradient-penalty",
    gp_lambda=10.0,
    n_critic=5,
    optimizer="adam",
    critic_lr=1e-4,
    generator_lr=1e-4,
    max_steps=1_000_000,
)

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
        # The code behind the video: it calls the generator's zero_grad in the critic's step.
        "walkthrough-as-published": TrainConfig(dataset="fashion-mnist", critic_gradients="accumulated", max_steps=187_600),
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
        # The toy code of the WGAN-GP paper's authors, with a clipped sibling as its `wgan` mode has it. Two things are left out: He's
        # initialisation, and that it draws new points for each batch.
        "wgan-gp-toy": _TOY.replace(
            lipschitz="gradient-penalty",
            gp_lambda=0.1,
            optimizer="adam",
            critic_lr=1e-4,
            generator_lr=1e-4,
            adam_beta1=0.5,
            adam_beta2=0.9,
        ),
        "wgan-toy": _TOY.replace(clip_value=0.01),
        # The WGAN authors' repository, martinarjovsky/WassersteinGAN, with its --mlp_G and --mlp_D at 512 units and without; CIFAR-10, one
        # of its data sets, in place of LSUN bedrooms.
        "wgan-paper-mlp": _WGAN_PAPER.replace(
            generator_widths=(512, 512, 512),
            critic_widths=(512, 512, 512),
            leaky_slope=0.0,
            generator_norm="none",
            generator_output="linear",
        ),
        "wgan-paper-dcgan": _WGAN_PAPER.replace(architecture="dcgan", critic_norm="batch", weight_init="normal", batchnorm_eps=1e-5),
        # The WGAN-GP authors' repository, igul222/improved_wgan_training: gan_mnist.py and gan_64x64.py, whose 200,000 generator updates
        # are 1,000,000 steps here.
        "wgan-gp-mnist": _GP_PAPER.replace(
            dataset="mnist", image_size=28, batch_size=50, generator_norm="none", adam_beta1=0.5, adam_beta2=0.9
        ),
        "wgan-gp-64": _GP_PAPER.replace(
            dataset="cifar10", image_size=64, batch_size=64, critic_norm="layer", adam_beta1=0.0, adam_beta2=0.9
        ),
    }
)

PRESET_NOTES: types.MappingProxyType[str, str] = types.MappingProxyType(
    {
        "quick-start": "Small networks on 1,797 handwritten digits that come with the installation. On one core of a 2-core machine first "
        "digits can be made out after 5 s, and the whole run takes a minute.",
        "walkthrough": "The video walkthrough's WGAN: MLPs, 32 × 32 px, clip 0.005, n_critic 25. 146 steps/s on one core of a 2-core "
        "machine: 21 minutes for the whole run.",
        "walkthrough-as-published": "The walkthrough with the mistake of its published code: the critic's gradients are never set back to "
        "zero, so they pile up. Share of the critic's weights at ±c (0.99 c or more) after 1,000, 5,000 and 10,000 steps: 95, 96 and 97 %; "
        "in `walkthrough` 79, 35 and 64 %. After 10,600 steps (2 minutes on one core) that one shows shirts, trousers and shoes, and this "
        "one the same blot for every latent, with an estimate below 0 from step 5,000 on (seed 0). Not reproduced of that code: its count "
        "to n_critic begins anew at each epoch, its generator reuses the critic's noise, its pictures show all below mid-grey as black.",
        "pytorch-gan": "The WGAN of the PyTorch-GAN collection: the walkthrough's networks, 28 × 28 px, clip 0.01, n_critic 5. A sibling "
        "(32 px, clip 0.005) showed digits and clothes after 6,400 steps, about a minute on one core.",
        "pytorch-gan-gp": "PyTorch-GAN's WGAN-GP: the same networks, no clipping, gradient penalty with λ 10, Adam 2e-4. "
        "80 steps/s on one core.",
        "walkthrough-next": "The walkthrough's announced next step, done right: convolutions and gradient penalty at 32 px. Meant for "
        "a GPU: one core does 1.5 steps/s, or 21 with DCGAN width 16 and batch size 64.",
        "wgan-gp-toy": "The WGAN-GP authors' toy: points on 8 narrow Gaussians, ReLU networks 3 × 512, λ 0.1. One core does 1,000 steps in "
        "40 s. All eight are reached in the first 10 s; exact W1 of 1,024 points is 0.21 after 1 minute, 0.12 after 6, and after 16,000 "
        "steps (11 minutes) what real points have among themselves, 0.08; after 36,000 97 % lie within 3 sd of a mode. The whole run, 5½ "
        "hours, is for a GPU.",
        "wgan-toy": "The same toy with weights clipped to ±0.01 and RMSprop 5e-5: 1,000 steps in 24 s on one core, but rougher. Exact W1 "
        "is 0.36 after half a minute, 0.2 after 2, and swings around 0.12 from 5 minutes on, with 30 to 70 % of the points within 3 sd "
        "of a mode.",
        "wgan-paper-mlp": "The WGAN paper's MLPs, 3 × 512 ReLU, with no tanh at the end of the generator, on CIFAR-10 at 64 px in place of "
        "LSUN bedrooms. The critic gets 100 updates before each of the generator's first 25: 2,500 steps in which little is to be seen. "
        "11 steps/s on one core: 3 minutes for those, half an hour for the whole run. Speed only: what it makes was not measured here.",
        "wgan-paper-dcgan": "The WGAN paper's DCGAN with BatchNorm in both networks, whose scales are clipped too, on CIFAR-10 at 64 px in "
        "place of LSUN bedrooms. The authors clip before the optimiser's step, this clips after it; their convolutions have no biases. "
        "Meant for a GPU: one core does 0.85 steps/s, 50 minutes for the 2,500 steps of the warm-up and 6½ hours for the whole run. Speed "
        "only: what it makes was not measured here.",
        "wgan-gp-mnist": "The WGAN-GP authors' MNIST networks: no norm in either, batch size 50, z 128. Kernels are 4 wide here, 5 there, "
        "and the generator ends in tanh, pixels in [-1, 1], theirs in a sigmoid, pixels in [0, 1]. Meant for a GPU: one core does 6 "
        "steps/s, nearly 2 days for the whole run, and after 850 steps, 2½ minutes, there is nothing but a pattern of dots.",
        "wgan-gp-64": "The WGAN-GP authors' 64 px recipe: Adam with β1 = 0, layer norm in the critic, BatchNorm in the generator. The "
        "networks are this project's DCGANs in place of their ResNets, the data CIFAR-10 in place of ImageNet. Meant for a GPU: one core "
        "does 0.47 steps/s, so 1,000 steps take 35 minutes and the whole run weeks. Speed only: what it makes was not measured here.",
    }
)
