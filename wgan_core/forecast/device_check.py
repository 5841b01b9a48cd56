"""What the device means for a planned run, in plain words."""

from __future__ import annotations

from wgan_core.config import SETTINGS, ConfigError, TrainConfig
from wgan_core.instruments.advice import Advice
from wgan_core.training.device import resolve_device


def check_device(config: TrainConfig, processes: int = 1) -> tuple[Advice, ...]:
    """Where the settings do not do on the run's device what one may expect. Empty if it does not exist here, which starting the run will
    report.

    processes: how many train the run together.
    """
    try:
        device = resolve_device(config.device)
    except ConfigError:
        return ()
    found: list[Advice] = []
    if config.precision == "tf32" and device.type != "cuda":
        text = f"{SETTINGS['precision'].label} tf32 is for NVIDIA GPUs. On this device the run computes in float32."
        found.append(Advice("tf32-without-gpu", "note", text, 0, "precision", "float32"))
    if config.precision == "float32" and config.architecture != "mlp" and device.type == "cuda":
        text = f"On an NVIDIA GPU built since 2020, convolutions are about three times as fast with {SETTINGS['precision'].label} tf32."
        found.append(Advice("tf32-is-faster", "note", text, 3, "precision", "tf32"))
    if processes > 1 and device.type == "cuda":
        text = (
            f"{processes} processes launch each computation by itself, while one alone launches an update at once (CUDA graphs). So with "
            "small networks a single process is faster."
        )
        found.append(Advice("no-graphs", "note", text, processes, "device"))
    return tuple(found)
