"""What a run is called on the pages: its data, what is special about it, and its number. And its settings in one line.

The number is a part of the run's id, given when the run starts: it stays what it is while other runs come and go, and when the folder is
copied. A run of an earlier version has no number; the last part of its id takes the place. A folder that somebody named by hand keeps that
name as its title.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from wgan_core.config import POINT_SETS, PRESETS, SETTINGS, TrainConfig, in_use
from wgan_core.data.catalog import DATASETS
from wgan_core.store.folder import run_number
from wgan_core.store.ledger import Edit

_MAX_DIFFERENCES = 2
"""More would not fit on a card; the rest is counted."""
_NOT_SPECIAL = frozenset(
    (
        "data_root",
        "device",
        "threads",
        "rounding",
        "log_every",
        "save_every",
        "instruments_budget",
        "history_budget",
        "best_by",
        "stop_after",
        "max_steps",
    )
)
"""Settings of the machine, of the records and of the length: a run is not called after them."""
_SHORT: Mapping[str, str] = {
    "clip_value": "clip",
    "gp_lambda": "λ",
    "gp_share": "penalised",
    "critic_lr": "critic rate",
    "generator_lr": "generator rate",
    "lr_schedule": "rates",
    "lr_end": "rates end at",
    "clip_schedule": "clip",
    "clip_end": "clip ends at",
    "gp_lambda_schedule": "λ",
    "gp_lambda_end": "λ ends at",
    "n_critic_schedule": "n_critic",
    "n_critic_end": "n_critic ends at",
    "schedule_updates": "schedules of",
    "batch_size": "batch",
    "augment": "augmented by",
    "ema_decay": "average",
    "adam_beta1": "β1",
    "adam_beta2": "β2",
    "dcgan_width": "width",
    "resnet_width": "width",
    "latent_dim": "latent",
    "generator_widths": "generator",
    "critic_widths": "critic",
    "critic_gradients": "gradients",
    "critic_warmup": "warm-up",
    "leaky_slope": "slope",
    "batchnorm_eps": "eps",
    "weight_init": "initialisation",
    "generator_output": "output",
    "critic_norm": "critic norm",
    "generator_norm": "generator norm",
}
_WITHOUT_LABEL = frozenset(("lipschitz", "optimizer", "architecture", "precision", "objective"))
"""Settings whose value says enough."""
_WORDS = {
    "gradient-penalty": "gradient penalty",
    "one-sided-penalty": "one-sided penalty",
    "r1-penalty": "R1 penalty",
    "divergence-penalty": "divergence penalty",
    "spectral-norm": "spectral norm",
    "none": "no Lipschitz method",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
_ARCHITECTURES = {"mlp": "MLP", "dcgan": "DCGAN", "resnet": "ResNet"}


def run_title(run_id: str, config: TrainConfig) -> str:
    """A short name for people, such as "digits, clip .03, #4" or "mnist, pytorch-gan, #5".

    Args:
        run_id: the name of the run's folder.
        config: the settings that the run started with, see `started_with`; so the title does not change with an edit.
    """
    if (ending := _number(run_id)) is None:
        return run_id
    return f"{config.dataset}, {_special(config)}, {ending}"


def started_with(config: TrainConfig, edits: Iterable[Edit]) -> TrainConfig:
    """The settings that a run had before the `edits` that led to `config`."""
    first: dict[str, object] = {}
    for edit in edits:
        first.setdefault(edit.field, edit.old)
    return config.replace(**first)


def nearest_preset(config: TrainConfig) -> tuple[str, tuple[str, ...]]:
    """The preset that differs from `config` in the fewest settings, and these settings, leaving out those of machine, records and length.
    Among equally near ones, a preset with the same data."""
    found = ((name, _differences(preset, config)) for name, preset in PRESETS.items())
    return min(found, key=lambda one: (len(one[1]), PRESETS[one[0]].dataset != config.dataset))


def settings_line(config: TrainConfig) -> str:
    """Data, size, batch, optimiser, networks and seed in one line."""
    size = "" if config.dataset in POINT_SETS else f", {config.image_size} px"
    falls = "" if config.lr_schedule == "constant" else f", {config.lr_schedule}"
    rates = f"critic {short_number(config.critic_lr)}, generator {short_number(config.generator_lr)}{falls}"
    if config.architecture == "dcgan":
        networks = f"DCGAN of width {config.dcgan_width}" + (", upsampling" if config.upsampling == "nearest" else "")
    elif config.architecture == "resnet":
        networks = f"ResNets of width {config.resnet_width}"
    else:
        networks = f"MLPs, generator {_widths(config.generator_widths)}, critic {_widths(config.critic_widths)}"
    parts = (
        f"{DATASETS[config.dataset].title}{size}",
        f"batch {config.batch_size}",
        f"{_WORDS[config.optimizer]} ({rates})",
        f"{networks}, latent {config.latent_dim}",
        f"seed {config.seed}",
    )
    return " · ".join(parts)


def command_line(config: TrainConfig) -> str:
    """The command that trains a run with these settings in a terminal, from the nearest preset on."""
    name, _ = nearest_preset(config)
    preset = PRESETS[name]
    flags = [
        f"{info.flag} {shlex.quote(_plain(getattr(config, field)))}"
        for field, info in SETTINGS.items()
        if getattr(config, field) != getattr(preset, field) and not (info.only_with[:1] == ("lipschitz",) and not in_use(config, field))
    ]
    return " ".join(("python -m wgan_core train", f"--preset {name}", *flags))


def short_number(value: float) -> str:
    """A number in few signs: .03, 2, 5e-5."""
    return re.sub(r"e([+-])0+", r"e\1", f"{value:.4g}").replace("e+", "e").removeprefix("0") or "0"


def _number(run_id: str) -> str | None:
    """The end of the title; None for a folder that was named by hand."""
    if (number := run_number(run_id)) is not None:
        return f"#{number}"
    earlier = re.fullmatch(r"[0-9]{8}-[0-9]{4}-.+-([0-9a-f]{4})", run_id)
    return f"#{earlier[1]}" if earlier else None


def _special(config: TrainConfig) -> str:
    """What differs from the nearest preset; that preset's name if nothing does."""
    name, different = nearest_preset(config)
    if not different:
        return name
    shown = [_difference(config, field) for field in different[:_MAX_DIFFERENCES]]
    more = len(different) - len(shown)
    return ", ".join(shown) + (f", {more} more" if more else "")


def _differences(preset: TrainConfig, config: TrainConfig) -> tuple[str, ...]:
    """The settings that matter and differ, those that can be edited first. The data set is named anyway."""
    different = [
        name
        for name in SETTINGS
        if name not in _NOT_SPECIAL and name != "dataset" and getattr(preset, name) != getattr(config, name) and in_use(config, name)
    ]
    if config.dataset in POINT_SETS:  # points have no size
        different = [name for name in different if name != "image_size"]
    return tuple(sorted(different, key=lambda name: not (SETTINGS[name].live or name == "lipschitz")))


def _difference(config: TrainConfig, name: str) -> str:
    value = getattr(config, name)
    if name == "image_size":
        return f"{value} px"
    if name in _WITHOUT_LABEL:
        return _ARCHITECTURES.get(value, _WORDS.get(value, str(value)))
    text = _widths(value) if isinstance(value, tuple) else short_number(value) if isinstance(value, float) else str(value)
    return f"{_SHORT.get(name, SETTINGS[name].label[:1].lower() + SETTINGS[name].label[1:])} {text}"


def _widths(widths: Sequence[int]) -> str:
    return "-".join(map(str, widths))


def _plain(value: object) -> str:
    """A value as a flag takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:.9g}" if isinstance(value, float) else str(value)
