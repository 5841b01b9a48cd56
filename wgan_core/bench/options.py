"""What each option of a recipe costs: `python -m wgan_core bench --options`.

The recipe with the option and without it train in turns, on one thread, and processor seconds are counted, so that other programs on the
machine hardly change the ratio. It is about the time of a step; how good the images get, `bench --quality` measures.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, get_args

import torch

from wgan_core.config import ConfigError, TrainConfig
from wgan_core.config.fields import in_use
from wgan_core.config.methods import PENALTIES, MethodName
from wgan_core.config.schedule_fields import SCHEDULES
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.training.device import train_on_this_thread
from wgan_core.training.trainer import Trainer

Changes = dict[str, Any]
"""Settings by their names."""


@dataclass(frozen=True)
class Cost:
    """What one option costs."""

    option: str
    """The settings that it changes, as on the command line of `bench --also`."""
    rate: float
    """Steps per second with it, the median over the rounds."""
    share: float
    """Of the recipe's rate without it, the median over the rounds: 0.5 if a step takes twice as long."""
    lowest: float
    highest: float
    """The lowest and the highest share of a round."""


@dataclass(frozen=True)
class OptionCosts:
    """The result: a rate for the recipe as it is, and the cost of every option that can be added to it."""

    rate: float
    """Steps per second of the recipe as it is, the median over all rounds."""
    costs: tuple[Cost, ...]
    device: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def options_for(config: TrainConfig) -> list[Changes]:
    """The options that can be added to a recipe: those that are not part of it, are possible with it and have an effect in it."""
    return [changes for changes in _all_options(config) if _adds_to(config, changes)]


def _all_options(config: TrainConfig) -> list[Changes]:
    found: list[Changes] = [{"objective": name} for name in ("minimax", "non-saturating", "least-squares", "hinge")]
    found += [{"lipschitz": name} for name in get_args(MethodName)]
    if config.lipschitz in PENALTIES:
        found += [{"gp_share": "half"}, {"gp_share": "quarter"}, {"gp_every": 4}]
    found += [{"labels": "conditional"}, {"flip": "horizontal"}]
    found += [{"augment": name} for name in ("translation", "cutout", "colour", "translation-cutout", "all")]
    found += [{"ema_decay": 0.999}, {"lr_schedule": "linear"}]
    # To where they start, so that the work of a step stays the same.
    found += [{names.shape: "linear", names.end: getattr(config, setting)} for setting, names in SCHEDULES.items()]
    found += [{"critic_norm": "layer"}, {"critic_gradients": "accumulated"}]
    if config.architecture == "dcgan":
        found.append({"upsampling": "nearest"})
    return [*found, {"precision": "bfloat16"}, {"rounding": "exact"}]


def _adds_to(config: TrainConfig, changes: Changes) -> bool:
    name, value = next(iter(changes.items()))
    if getattr(config, name) == value or (name == "ema_decay" and config.ema_decay):
        return False
    try:
        return in_use(config.replace(**changes), name)
    except ConfigError:
        return False


def option_costs(
    config: TrainConfig, *, rounds: int = 5, seconds: float = 0.4, tell: Callable[[Cost], None] = lambda cost: None
) -> OptionCosts:
    """Measure each of `options_for(config)` beside the recipe as it is, in turns.

    Args:
        config: the recipe. A warm-up is left out, because it would hide the speed of the rest.
        rounds: number of measurements of each.
        seconds: length of each; it always ends with a generator update.
        tell: told of each option as soon as it is measured.

    Raises DataError if the data is missing. Labels are left out for data without classes.
    """
    config = config.replace(critic_warmup="none", threads=1)
    plain = _Measured(config, seconds)
    rates: list[float] = []
    costs: list[Cost] = []
    for changes in options_for(config):
        try:
            varied = _Measured(config.replace(**changes), seconds)
        except DataError:  # no classes, or points that cannot be mirrored
            continue
        pairs = [(plain.rate(), varied.rate()) for _ in range(rounds)]
        rates += [one for one, _ in pairs]
        shares = [other / one for one, other in pairs]
        option = " ".join(f"{name}={value}" for name, value in changes.items())
        rate = statistics.median(other for _, other in pairs)
        costs.append(Cost(option, rate, statistics.median(shares), min(shares), max(shares)))
        tell(costs[-1])
    return OptionCosts(statistics.median(rates), tuple(costs), str(plain.trainer.device))


class _Measured:
    """A recipe that trains for a while at each measurement, warmed up."""

    def __init__(self, config: TrainConfig, seconds: float) -> None:
        self.trainer = Trainer(config, load_dataset(config), crew=train_on_this_thread(1))
        self._seconds = seconds
        self._now = time.process_time if self.trainer.device.type == "cpu" else self._after_all_work
        self.rate()

    def rate(self) -> float:
        """Steps per second, from one generator update to another."""
        steps, begun = 0, self._now()
        while (passed := self._now() - begun) < self._seconds or not steps:
            for _ in range(self.trainer.config.n_critic):
                self.trainer.train_step()
                steps += 1
        return steps / passed

    def _after_all_work(self) -> float:
        torch.cuda.synchronize(self.trainer.device)
        return time.perf_counter()
