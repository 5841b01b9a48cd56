"""The laboratory's settings: its starting point, experiments worth seeing, and two WGANs that differ in a few settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wgan_core.config import POINT_SETS, SETTINGS, ConfigError, TrainConfig, live_fields

if TYPE_CHECKING:  # it imports PyTorch, which a list of the experiments does without
    from wgan_core.lab.laboratory import Pace
    from wgan_core.lab.stages import Who

BASE = TrainConfig(
    dataset="8-gaussians",
    generator_norm="none",
    latent_dim=2,
    generator_widths=(64, 64),
    critic_widths=(64, 64),
    batch_size=128,
    n_critic=5,
    clip_value=0.1,
    gp_lambda=1.0,
    critic_lr=1e-3,
    generator_lr=1e-3,
    device="cpu",
    threads=1,
    max_steps=1_000_000_000,
)
"""Found by measuring: on one core, the points of a ring or of 8 Gaussians are in place within 20 seconds."""

FIELDS = (
    "dataset",
    "data_root",
    "generator_widths",
    "critic_widths",
    "latent_dim",
    "leaky_slope",
    "generator_norm",
    "critic_norm",
    "objective",
    "lipschitz",
    "clip_value",
    "gp_lambda",
    "n_critic",
    "critic_lr",
    "generator_lr",
    "optimizer",
    "adam_beta1",
    "adam_beta2",
    "batch_size",
    "seed",
)
"""The settings that the laboratory offers. All others are those of `BASE`."""

TWIN_FIELDS = ("objective", "lipschitz", "clip_value", "gp_lambda", "critic_widths", "critic_lr", "optimizer")
"""The settings in which the second WGAN may differ. All of them belong to the critic, or to what both play for."""

MAX_UNITS = 512
"""Units per layer. Networks that are watched at every update have to be small."""


@dataclass(frozen=True)
class Experiment:
    """A set-up with something to see."""

    title: str
    note: str
    """What to do and what happens then, as measured."""
    config: TrainConfig
    twin: Mapping[str, Any] | None = None
    """The settings that differ in the second WGAN; None for a single WGAN."""
    who: Who = "both"
    pace: Pace = "full"
    """How fast it is shown at first."""


def twin_of(config: TrainConfig, differs: Mapping[str, Any]) -> TrainConfig:
    """The second WGAN's config. Raises ConfigError."""
    return check(config.replace(**{name: value for name, value in differs.items() if name in TWIN_FIELDS}))


def check(config: TrainConfig) -> TrainConfig:
    """`config` itself, if it can be used in the laboratory. Raises ConfigError."""
    if config.dataset not in POINT_SETS:
        raise ConfigError(f"The laboratory is for points in the plane, not for {config.dataset}: choose one of its data sets.")
    for name in ("generator_widths", "critic_widths"):
        if max(getattr(config, name)) > MAX_UNITS:
            raise ConfigError(f"{SETTINGS[name].label}: at most {MAX_UNITS} units per layer here; train wider networks on the Train page.")
    return config


def needs_restart(old: TrainConfig, new: TrainConfig) -> bool:
    """Whether any setting changed that is not live."""
    return any(getattr(old, name) != getattr(new, name) for name in TrainConfig.model_fields if name not in live_fields())


_PENALISED: dict[str, Any] = {"lipschitz": "gradient-penalty", "optimizer": "adam"}
_CLIPPED: dict[str, Any] = {"lipschitz": "clip", "optimizer": "rmsprop"}
_GAN: dict[str, Any] = {"objective": "minimax", "lipschitz": "none", "optimizer": "adam"}

EXPERIMENTS: MappingProxyType[str, Experiment] = MappingProxyType(
    {
        "first-look": Experiment(
            "First look: a clipped WGAN",
            "Press Play: slow motion shows, stage by stage, how one cycle moves the points. Then choose Full speed and watch the orange "
            "points find the 8 green clusters. Exact W1 falls from 1.3 to 0.40 after 2,000 critic updates and 0.30 after 6,000; its floor "
            "is 0.15.",
            BASE,
            pace="slow",
        ),
        "clip-against-penalty": Experiment(
            "Clipping against gradient penalty",
            "The clipped critic sees a smooth bowl. The penalised one sees hills at the clusters, and its generator is ahead: exact W1 is "
            "0.40 against 0.31 after 2,000 critic updates.",
            BASE,
            _PENALISED,
        ),
        "ordinary-gan": Experiment(
            "A WGAN and an ordinary GAN",
            "Both find the clusters: exact W1 is 0.40 and 0.31 after 2,000 critic updates. But look at the number under each: the WGAN's "
            "estimate falls with the distance, from 0.056 at 500 updates to 0.026, while the GAN's Jensen-Shannon bound rises from 0.19 to "
            "0.37 as its points get better, because the discriminator gets sharper all the time.",
            BASE,
            _GAN,
        ),
        "two-clip-values": Experiment(
            "Two clip values",
            "c = 0.1 against 0.01. A tenth of c makes each of the 3 layers ten times flatter: the estimate shrinks from 0.03 to 0.00001. "
            "RMSprop hides that, so the generator still learns, but worse: exact W1 is 0.40 against 0.55 after 2,000 critic updates.",
            BASE,
            {"clip_value": 0.01},
        ),
        "critic-alone": Experiment(
            "How good can the critic get?",
            "The generator stands still and the critic has all the time it wants. With the penalty, estimate / steepest slope climbs to "
            "1.26, with an exact W1 of 1.29, within 1,000 updates. The clipped critic stops at 0.73, with nearly all of its weights at ±c.",
            BASE.replace(**_PENALISED, gp_lambda=10.0),
            _CLIPPED,
            who="critic",
        ),
        "deep-critic": Experiment(
            "A deep critic, clipped",
            "8 hidden layers and c = 0.01: the slope that reaches the points is 0.0000000000002, so the clipped generator never moves. "
            "The penalised one has an exact W1 of 0.30 after 2,000 critic updates.",
            BASE.replace(critic_widths=(32,) * 8, clip_value=0.01),
            _PENALISED,
        ),
        "no-constraint": Experiment(
            "Nothing keeps it Lipschitz",
            "Without clipping or penalty the scores grow without limit: the steepest slope is 124 after 2,000 critic updates and 1,160 "
            "after 6,000, so the estimate no longer says anything. (Here the generator learns all the same, because RMSprop is not "
            "affected by the scale.)",
            BASE.replace(lipschitz="none"),
            _CLIPPED,
        ),
        "one-dimension": Experiment(
            "A line bent into a ring",
            "With one latent dimension, the generator has a line of latents. It bends the line into a ring but cannot close it. After "
            "2,000 critic updates the points are as good as real ones: exact W1 0.12, floor 0.12.",
            BASE.replace(dataset="ring", latent_dim=1),
        ),
    }
)
"""By their names in links; the numbers were measured with seed 0. The laboratory starts with the first one."""
