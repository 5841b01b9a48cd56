"""The engine of WGAN Playground: train, save, diagnose and sample Wasserstein GANs. It does not depend on the pages.

The names below are public: `from wgan_core import PRESETS, Trainer, load_dataset`. Each is loaded on first use, so importing this package
does not load PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wgan_core.config import PRESETS, ConfigError, TrainConfig
    from wgan_core.data.dataset import DataError, Dataset, ImageDataset
    from wgan_core.data.load import load_dataset
    from wgan_core.latent.saved import load_networks
    from wgan_core.store.folder import RunFolder, StoreError, list_runs
    from wgan_core.training.trainer import Trainer

__version__ = "0.1.0"

_WHERE = {
    "ConfigError": "wgan_core.config",
    "DataError": "wgan_core.data.dataset",
    "Dataset": "wgan_core.data.dataset",
    "ImageDataset": "wgan_core.data.dataset",
    "PRESETS": "wgan_core.config",
    "RunFolder": "wgan_core.store.folder",
    "StoreError": "wgan_core.store.folder",
    "TrainConfig": "wgan_core.config",
    "Trainer": "wgan_core.training.trainer",
    "list_runs": "wgan_core.store.folder",
    "load_dataset": "wgan_core.data.load",
    "load_networks": "wgan_core.latent.saved",
}

__all__ = [
    "PRESETS",
    "ConfigError",
    "DataError",
    "Dataset",
    "ImageDataset",
    "RunFolder",
    "StoreError",
    "TrainConfig",
    "Trainer",
    "list_runs",
    "load_dataset",
    "load_networks",
]


def __getattr__(name: str) -> object:
    """Load the public name `name`."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
