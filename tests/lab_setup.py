"""What the laboratory's tests train: networks so small that a cycle takes a millisecond."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.lab.setup import BASE
from wgan_core.training.trainer import Trainer

SMALL = BASE.replace(generator_widths=(12,), critic_widths=(16, 8), batch_size=32, n_critic=3)
PENALISED = SMALL.replace(lipschitz="gradient-penalty", optimizer="adam")


def trainer(config: TrainConfig = SMALL) -> Trainer:
    return Trainer(config, load_dataset(config))
