"""Speed of the engine and of other programs, measured in turns.

The textbook loop is the program that `export` writes. It works as in tutorials (torchvision's data set, a DataLoader, an optimiser over the
list of parameters, one clamp per parameter) and computes the same. Only its images are scaled by the transforms that tutorials use.
"""

from __future__ import annotations

import contextlib
import copy
import statistics
import time
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from wgan_core.bench.others import busy_cores, jax_peer
from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS, data_root
from wgan_core.data.load import load_dataset
from wgan_core.export.program import script, write_program
from wgan_core.training.device import describe_device, train_on_this_thread
from wgan_core.training.trainer import Trainer


@dataclass(frozen=True)
class Speed:
    """Steps per second over several rounds."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Variant:
    """The engine with some other settings."""

    speed: Speed
    ratio: float
    """To the textbook loop, as in the report."""


@dataclass(frozen=True)
class Report:
    """The result of the benchmark. A step here is one critic update with its share of a generator update."""

    engine: Speed
    textbook: Speed
    jax: Speed | None
    """Of the program in JAX, if it was asked for."""
    jax_version: str
    ratio: float
    """Median over the rounds of the ratio engine / textbook loop."""
    jax_ratio: float | None
    """The same with the program in JAX."""
    also: dict[str, Variant]
    """The engine with other settings, by their names."""
    busy: int
    """Number of cores that other programs kept busy meanwhile."""
    step_gflop: float
    """Multiplications and additions in one step of the engine, in 10⁹: matrix products and convolutions, as PyTorch counts them."""
    matmul_gflops: float
    """Rate of plain float32 matrix products on this device, or on one core of it, in the same run, in 10⁹ operations per second."""
    share_of_matmul: float
    """Of that rate on all `threads`."""
    threads: int
    device: str
    images_per_second: float
    """Real samples that the engine's critic sees, with as many generated ones beside them."""
    gpu_megabytes: float | None
    """GPU memory that the engine has reserved, its data included; None on a CPU."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def bench(
    config: TrainConfig,
    *,
    rounds: int = 5,
    seconds: float = 2.0,
    jax_python: Path | None = None,
    busy: int = 0,
    also: Mapping[str, TrainConfig] = types.MappingProxyType({}),
) -> Report:
    """Run the engine and the textbook loop, and the program in JAX if wanted, in turns.

    Args:
        config: what to train. A warm-up is left out, because it would hide the speed of the rest.
        rounds: number of measurements of each.
        seconds: length of each measurement, which takes at least one step.
        jax_python: a Python that has JAX; None leaves its program out.
        busy: number of cores that other programs keep busy during the measurements.
        also: further settings for the same data, by the names that they have in the report.

    The textbook loop has the penalty at every update and on the whole batch, whatever `config` says, as in tutorials.

    Raises DataError if the data is missing, ExportError if an exported program cannot load the data, and ConfigError if the program in JAX
    cannot be compared.
    """
    config = config.replace(critic_warmup="none")
    crew = train_on_this_thread(config.threads)
    dataset = load_dataset(config)
    trainer = Trainer(config, dataset, crew=crew)
    plain = textbook_loop(config.replace(gp_every=1, gp_share="all"), trainer)
    contestants: dict[str, Callable[[float], float]] = {
        "engine": lambda seconds: _rate(trainer.train_step, seconds, trainer.device),
        "textbook": lambda seconds: with_pytorchs_threads(lambda: _rate(lambda: next(plain), seconds, trainer.device)),
    }
    for name, other in also.items():
        varied = Trainer(other.replace(critic_warmup="none"), dataset, crew=crew)
        contestants[name] = partial(_rate, varied.train_step, device=varied.device)
    with contextlib.ExitStack() as others:
        version = ""
        if jax_python is not None:
            peer = others.enter_context(jax_peer(jax_python, config, trainer.data[0].numel(), len(trainer.data)))
            contestants["jax"], version = peer.rate, peer.version
        memory: float | None = None
        for measure in contestants.values():
            measure(min(1.0, seconds))  # warm up
            memory = memory or _gpu_megabytes(trainer.device)  # after the engine, which comes first
        others.enter_context(busy_cores(busy))
        found: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, measure in contestants.items():
                found[name].append(measure(seconds))
    # Counted on the CPU and on one thread, because PyTorch counts on the calling thread only, and nothing in a captured graph.
    flop, rate = step_flop(Trainer(config.replace(device="cpu"), dataset)), matmul_rate(trainer.device)
    engine = statistics.median(found["engine"])
    return Report(
        engine=_speed(found["engine"]),
        textbook=_speed(found["textbook"]),
        jax=_speed(found["jax"]) if "jax" in found else None,
        jax_version=version,
        ratio=_ratio(found["engine"], found["textbook"]),
        jax_ratio=_ratio(found["engine"], found["jax"]) if "jax" in found else None,
        also={name: Variant(_speed(found[name]), _ratio(found[name], found["textbook"])) for name in also},
        busy=busy,
        step_gflop=flop / 1e9,
        matmul_gflops=rate / 1e9,
        share_of_matmul=engine * flop / rate / crew.size,
        threads=crew.size,
        device=describe_device(trainer.device) if memory is not None else str(trainer.device),
        images_per_second=engine * config.batch_size,
        gpu_megabytes=memory,
    )


def _gpu_megabytes(device: torch.device) -> float | None:
    return torch.cuda.memory_reserved(device) / 1e6 if device.type == "cuda" else None


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


_PYTORCHS_THREADS = torch.get_num_threads()


def with_pytorchs_threads(measure: Callable[[], float]) -> float:
    """Measure a plain program as it would run by itself, with the number of threads that PyTorch chooses."""
    torch.set_num_threads(_PYTORCHS_THREADS)
    try:
        return measure()
    finally:
        torch.set_num_threads(1)


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


@dataclass(frozen=True)
class Textbook:
    """The exported program at its start, on the data and the device of a trainer."""

    loop: Iterator[tuple[int, Tensor, Tensor]]
    """Each `next` does one step and returns its number, estimate and generator loss."""
    generator: nn.Module
    averaged: nn.Module | None


def textbook_loop(config: TrainConfig, trainer: Trainer) -> Iterator[tuple[int, Tensor, Tensor]]:
    """The exported program's training. Each `next` does one step and returns its number, estimate and generator loss."""
    return textbook(config, trainer).loop


def textbook(config: TrainConfig, trainer: Trainer) -> Textbook:
    """The exported program, on the data and the device of `trainer`."""
    from torchvision import transforms  # takes a second to import

    program = types.ModuleType("textbook")
    text = script(write_program(config, shape=tuple(trainer.data.shape[1:])))
    exec(compile(text, "<textbook>", "exec"), program.__dict__)
    place = "DATA_FILE" if config.dataset == "csv" else "DATA_ROOT"
    program.__dict__.update({"DEVICE": trainer.device, place: str(data_root(config))})
    if DATASETS[config.dataset].needs_download:
        steps = (transforms.Resize(config.image_size), transforms.ToTensor(), transforms.Normalize([0.5], [0.5]))
        program.__dict__["to_tensor"] = transforms.Compose(steps)
    generator, critic = program.build_networks()
    averaged = (copy.deepcopy(generator),) if config.ema_decay else ()
    return Textbook(program.train(generator, critic, program.load_data(), *averaged), generator, *averaged or (None,))


def step_flop(trainer: Trainer) -> float:
    """Multiplications and additions in the matrix products and convolutions of a step, including its share of a generator update.

    This trains each network of `trainer` by one update.
    """
    batch = trainer.config.batch_size
    with _FlopCount() as of_critic:
        trainer.critic_step(trainer.next_batch(), trainer.draw_noise(batch))
    with _FlopCount() as of_generator:
        trainer.generator_step(trainer.draw_noise(batch))
    return of_critic.total + of_generator.total / trainer.config.n_critic


class _FlopCount(TorchDispatchMode):
    """Adds up PyTorch's own formulas. Its FlopCounterMode also tracks modules, which does not work with the penalty's gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


def matmul_rate(device: torch.device, seconds: float = 0.5) -> float:
    """Multiplications and additions per second in float32 products of matrices [1024, 1024]."""
    a, b = torch.randn(1024, 1024, device=device), torch.randn(1024, 1024, device=device)
    out = torch.empty_like(a)
    _rate(lambda: torch.mm(a, b, out=out), 0.2, device)
    return 2.0 * 1024**3 * max(_rate(lambda: torch.mm(a, b, out=out), seconds, device) for _ in range(3))
