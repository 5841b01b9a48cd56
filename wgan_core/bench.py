"""Speed of the engine beside the textbook loop, measured in turns in one process: `python -m wgan_core bench`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data import DATASETS, data_root, load_dataset, torchvision_set
from wgan_core.device import train_on_this_thread
from wgan_core.models import ImageShape, build_critic, build_generator
from wgan_core.trainer import Trainer


@dataclass(frozen=True)
class Speed:
    """Steps per second over several rounds."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Report:
    """What the bench found. A step is one critic update with its share of generator updates."""

    engine: Speed
    textbook: Speed
    ratio: float
    """Median of the rounds' ratios, engine to textbook loop."""
    step_gflop: float
    """Multiplications and additions of a step, counted from the layers' sizes; everything but the matrix products left out."""
    matmul_gflops: float
    """Rate of plain float32 matrix products on this device, measured in the same run, in 10⁹ a second."""
    share_of_matmul: float
    threads: int
    device: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def bench(config: TrainConfig, *, rounds: int = 5, seconds: float = 2.0) -> Report:
    """Run engine and textbook loop in turns on the same data.

    Args:
        config: MLPs with weight clipping, on one of torchvision's data sets: what the textbook loop does.
        rounds: how often each is measured.
        seconds: length of each measurement.

    Raises ConfigError for other configs, DataError where the data is not there.
    """
    if config.architecture != "mlp" or config.lipschitz != "clip" or not DATASETS[config.dataset].needs_download:
        raise ConfigError(
            "The textbook loop knows MLPs with weight clipping on mnist, fashion-mnist, kmnist or cifar10: bench one of these."
        )
    train_on_this_thread(config.threads)
    trainer = Trainer(config, load_dataset(config))
    textbook = textbook_loop(config, trainer.device)
    found: dict[str, list[float]] = {"engine": [], "textbook": []}
    contestants: dict[str, Callable[[], object]] = {"engine": trainer.train_step, "textbook": lambda: next(textbook)}
    for step in contestants.values():
        _rate(step, min(1.0, seconds), trainer.device)  # warm up
    for _ in range(rounds):
        for name, step in contestants.items():
            found[name].append(_rate(step, seconds, trainer.device))
    shape: ImageShape = tuple(trainer.images.shape[1:])  # pyright: ignore[reportAssignmentType]
    flop, rate = step_flop(config, shape), matmul_rate(trainer.device)
    engine = statistics.median(found["engine"])
    return Report(
        engine=_speed(found["engine"]),
        textbook=_speed(found["textbook"]),
        ratio=statistics.median(a / b for a, b in zip(found["engine"], found["textbook"], strict=True)),
        step_gflop=flop / 1e9,
        matmul_gflops=rate / 1e9,
        share_of_matmul=engine * flop / rate,
        threads=torch.get_num_threads(),
        device=str(trainer.device),
    )


def _speed(rates: list[float]) -> Speed:
    return Speed(statistics.median(rates), min(rates), max(rates))


def _rate(step: Callable[[], object], seconds: float, device: torch.device) -> float:
    """Calls of `step` per second."""
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        step()
        count += 1
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return count / (time.perf_counter() - begun)


def textbook_loop(config: TrainConfig, device: torch.device) -> Iterator[Tensor]:
    """The loop as tutorials write it: a DataLoader with transforms, one optimiser call a parameter, a clamp a parameter.

    Yields the estimate of each critic update.
    """
    from torch.utils.data import DataLoader
    from torchvision import transforms

    as_tutorials_do = transforms.Compose([transforms.Resize(config.image_size), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
    data = torchvision_set(config.dataset, data_root(config), train=True, download=False, transform=as_tutorials_do)
    loader = DataLoader(data, batch_size=config.batch_size, shuffle=True, drop_last=True)
    shape = tuple(data[0][0].shape)
    generator, critic = build_generator(config, shape).to(device), build_critic(config, shape).to(device)
    generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=config.generator_lr, foreach=False)
    critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=config.critic_lr, foreach=False)
    step = 0
    while True:
        for batch, _ in loader:
            real = batch.to(device)
            critic_optimizer.zero_grad()
            fake = generator(torch.randn(len(real), config.latent_dim, device=device)).detach()
            loss = -(critic(real).mean() - critic(fake).mean())
            loss.backward()
            critic_optimizer.step()
            for parameter in critic.parameters():
                parameter.data.clamp_(-config.clip_value, config.clip_value)
            step += 1
            if step % config.n_critic == 0:
                generator_optimizer.zero_grad()
                (-critic(generator(torch.randn(len(real), config.latent_dim, device=device))).mean()).backward()
                generator_optimizer.step()
            yield -loss.detach()


def step_flop(config: TrainConfig, shape: ImageShape) -> float:
    """Multiplications and additions in the matrix products of a step of an MLP.

    A layer of n × m weights takes 2nm an image forward, as much for the gradient of its weights, and as much for that of its input.
    """
    generator, critic = _weights(build_generator(config, shape)), _weights(build_critic(config, shape))
    # Critic update: the generator forward; the critic on both halves, forward and backward, but not to the images.
    critic_update = sum(generator) + 2 * (3 * sum(critic) - critic[0])
    # Generator update: forward through both; back through the critic without its weights; through the generator, but not to the noise.
    generator_update = 3 * sum(generator) - generator[0] + 2 * sum(critic)
    return 2.0 * config.batch_size * (critic_update + generator_update / config.n_critic)


def _weights(network: nn.Module) -> list[int]:
    return [module.weight.numel() for module in network.modules() if isinstance(module, nn.Linear)]


def matmul_rate(device: torch.device, seconds: float = 0.5) -> float:
    """Multiplications and additions per second of float32 products of matrices [1024, 1024]."""
    a, b = torch.randn(1024, 1024, device=device), torch.randn(1024, 1024, device=device)
    out = torch.empty_like(a)
    _rate(lambda: torch.mm(a, b, out=out), 0.2, device)
    return 2.0 * 1024**3 * max(_rate(lambda: torch.mm(a, b, out=out), seconds, device) for _ in range(3))
