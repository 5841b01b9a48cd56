"""Measure how fast a planned run would train here, by training it briefly on noise instead of its data."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from wgan_core.config import ConfigError, TrainConfig, is_penalised
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.data.own_images import preview_own
from wgan_core.data.picture import Reading
from wgan_core.runs.failure import is_out_of_memory
from wgan_core.training.device import train_on_this_thread
from wgan_core.training.trainer import Trainer


@dataclass(frozen=True)
class SpeedTrial:
    """Seconds that one update of each network took."""

    critic_update_seconds: float
    generator_update_seconds: float

    def steps_per_second(self, n_critic: int) -> float:
        """Critic updates per second, including their share of a generator update."""
        return 1 / (self.critic_update_seconds + self.generator_update_seconds / n_critic)


def try_speed(config: TrainConfig, seconds: float = 1.0) -> SpeedTrial:
    """Train the networks of `config` on its device for a moment.

    Critic and generator updates are timed separately, each at least once. So a large `n_critic` causes no wait, and another `n_critic`
    needs no new trial. Nothing is loaded or written, except for a few images of a folder, which show whether it has colours.

    Args:
        config: the planned run.
        seconds: how long to train. Slow networks take longer: at least two updates of each network.

    Raises:
        ConfigError: the device does not exist, or there is not enough memory.
        DataError: the folder has no images.
    """
    found: list[SpeedTrial] = []
    failed: list[Exception] = []

    def measure() -> None:
        try:
            found.append(_measure(config, seconds))
        except Exception as error:  # raised again in the calling thread
            failed.append(error)

    # On a separate thread, as in training, because the number of cores that is set applies to that thread only.
    thread = threading.Thread(target=measure, name="speed-trial", daemon=True)
    thread.start()
    thread.join()
    if failed:
        if is_out_of_memory(failed[0]):
            raise ConfigError("There is not enough memory: use a smaller batch size, image size or smaller networks.") from failed[0]
        raise failed[0]
    return found[0]


def _measure(config: TrainConfig, seconds: float) -> SpeedTrial:
    crew = train_on_this_thread(config.threads)
    trainer = Trainer(config.replace(critic_warmup="none"), _noise(config), crew=crew)
    times: dict[str, list[float]] = {"critic": [], "generator": [], "penalised": []}
    lazy = is_penalised(config) and config.gp_every > 1

    def critic() -> None:
        trainer.ascend()
        trainer.clip()

    def timed(name: str, update: Callable[[], None]) -> None:
        begun = time.perf_counter()
        update()
        if trainer.device.type != "cpu":
            getattr(torch, trainer.device.type).synchronize()
        times[name].append(time.perf_counter() - begun)

    def critic_update() -> None:
        """Timed apart if only now and then the penalty is part of it."""
        timed("penalised" if lazy and trainer.step % config.gp_every == 0 else "critic", critic)

    critic_update()
    timed("generator", trainer.update_generator)
    for kind in times.values():  # drop the first times, which include allocating memory and choosing algorithms
        kind.clear()
    until = time.perf_counter() + seconds
    while not times["critic"] or (lazy and not times["penalised"]) or time.perf_counter() < until:
        critic_update()
        if trainer.generator_is_due:
            timed("generator", trainer.update_generator)
    if not times["generator"]:
        timed("generator", trainer.update_generator)
    of_critic, of_generator, *of_penalised = (sum(kind) / len(kind) for kind in times.values() if kind)
    for seconds in of_penalised:
        of_critic += (seconds - of_critic) / config.gp_every
    return SpeedTrial(of_critic, of_generator)


def _noise(config: TrainConfig) -> Dataset:
    """A few batches of noise with the shape of the data, and with classes if the networks are told them."""
    rows, names = 4 * config.batch_size, DATASETS[config.dataset].classes or tuple("0123456789")
    labels = torch.randint(len(names), (rows,))
    if DATASETS[config.dataset].kind == "points":
        return Dataset("noise", torch.randn(rows, 2), labels, names)
    channels = DATASETS[config.dataset].channels
    if config.dataset == "image-folder":
        channels = preview_own(config.data_root, 8, Reading.of(config)).images.channels
    images = torch.randint(256, (rows, channels, config.image_size, config.image_size), dtype=torch.uint8)
    return ImageDataset("noise", images, labels, names)
