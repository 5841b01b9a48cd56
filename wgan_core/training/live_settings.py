"""The settings that a critic update reads and that may change while a run trains, in the form that computations take."""

from __future__ import annotations

import torch
from torch import Tensor

from wgan_core.config import TrainConfig


class LiveSettings:
    """The clip value and the penalty's weight λ.

    On a CUDA GPU they are 0-dim tensors there, because a captured graph finds every number that may change in the GPU's memory.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.clip_value: float | Tensor = config.clip_value
        self.gp_lambda: float | Tensor = config.gp_lambda
        self._adopted = self._of(config)
        if device.type == "cuda":
            self.clip_value, self.gp_lambda = (torch.tensor(value, device=device) for value in self._adopted)

    def adopt(self, config: TrainConfig) -> None:
        """Take the values of `config` from the next update on."""
        if self._of(config) == self._adopted:
            return
        self._adopted = self._of(config)
        if isinstance(self.clip_value, Tensor) and isinstance(self.gp_lambda, Tensor):
            self.clip_value.fill_(config.clip_value)
            self.gp_lambda.fill_(config.gp_lambda)
        else:
            self.clip_value, self.gp_lambda = self._adopted

    def _of(self, config: TrainConfig) -> tuple[float, float]:
        return config.clip_value, config.gp_lambda
