"""Speed of the engine beside the textbook loop and, where it is installed, a program in JAX: `python -m wgan_core bench`."""

from wgan_core.bench.compare import Report, Speed, bench

__all__ = ["Report", "Speed", "bench"]
