"""Other programs for the bench: a peer in JAX, and busy ones that take cores away."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from wgan_core.config import ConfigError, TrainConfig

_NEEDED = {
    "objective": "wasserstein",
    "architecture": "mlp",
    "lipschitz": "clip",
    "clipped": "all",
    "optimizer": "rmsprop",
    "critic_norm": "none",
    "generator_norm": "batch",
    "generator_output": "tanh",
    "critic_gradients": "fresh",
    "lr_schedule": "constant",
    "clip_schedule": "constant",
    "n_critic_schedule": "constant",
    "ema_decay": 0.0,
    "precision": "float32",
}
"""What the program in JAX computes; other settings are not compared with it."""
_SENT = ("batch_size", "latent_dim", "n_critic", "clip_value", "generator_lr", "critic_lr")
_SENT += ("leaky_slope", "batchnorm_eps", "generator_widths", "critic_widths")


class Peer:
    """The program in JAX, which trains when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.version = self._line()
        """Of JAX."""

    def rate(self, seconds: float) -> float:
        """Critic updates per second, measured over so many seconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise ConfigError("The program in JAX ended early; what it printed stands above. Is JAX installed for the Python given?")
        return line


@contextlib.contextmanager
def jax_peer(python: Path, config: TrainConfig, numbers: int, images: int) -> Iterator[Peer]:
    """A peer for `config`, on random images of so many numbers.

    python: the interpreter of a virtual environment that has JAX.

    Raises ConfigError for a recipe that the program does not compute, or if it does not start.
    """
    for name, value in _NEEDED.items():
        if getattr(config, name) != value:
            raise ConfigError(f"The program in JAX has {name} {value} only: compare a preset that has it, such as walkthrough.")
    if not python.is_file():
        raise ConfigError(
            f"There is no Python at {python}: make it with `python3 -m venv {python.parents[1]}` and `{python} -m pip install jax`, or "
            "name another one with --jax-python."
        )
    settings = {name: getattr(config, name) for name in _SENT} | {"numbers": numbers, "images": images}
    command = [str(python), str(Path(__file__).with_name("jax_program.py")), json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep so many cores busy, by a program each."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield programs
    finally:
        for program in programs:
            program.kill()
            program.wait()
