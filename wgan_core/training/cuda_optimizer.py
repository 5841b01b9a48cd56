"""An optimiser on a CUDA GPU that can be part of a captured graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from wgan_core.config import TrainConfig
from wgan_core.training.crew import Crew
from wgan_core.training.critic_loss import clamp
from wgan_core.training.flat import FlatParameters
from wgan_core.training.flat_optimizer import LATE, FlatOptimizer
from wgan_core.training.state import TensorDict

_PIECES, _ALIGNED = 36, 64
"""PyTorch's kernel computes each tensor of a list by blocks of 65,536 numbers: one long vector on a few of a GPU's processors, and pieces
of it on more. So many tensors go into one launch."""


class CudaOptimizer(FlatOptimizer):
    """A `FlatOptimizer` whose step is one kernel. Learning rate, count of steps and moments stay at their places in the GPU's memory."""

    def __init__(self, flat: FlatParameters, config: TrainConfig, rate: float, crew: Crew) -> None:
        super().__init__(flat, config, rate, crew)
        vector = flat.vector
        self._rate, self._rate_there = rate, torch.tensor(rate, device=vector.device)
        self._late = torch.tensor(LATE, device=vector.device)
        state: TensorDict = self.optimizer.state[vector]
        if not state:
            moments = ("exp_avg", "exp_avg_sq") if isinstance(self.optimizer, torch.optim.Adam) else ("square_avg",)
            state["step"] = torch.zeros((), device=vector.device)
            state |= {name: torch.zeros_like(vector.data) for name in moments}
        self._state = self.optimizer.state[vector] = state

    def set_rate(self, rate: float) -> None:
        super().set_rate(rate)
        if rate != self._rate:
            self._rate = rate
            self._rate_there.fill_(rate)

    def load(self, state: dict[int, TensorDict]) -> None:
        super().load(state)
        loaded: TensorDict = self.optimizer.state[self._flat.vector]
        for name, tensor in self._state.items():
            if loaded:
                tensor.copy_(loaded[name])
            else:  # saved before the first step
                tensor.zero_()
        self.optimizer.state[self._flat.vector] = self._state

    @torch.no_grad()
    def step(self, terms: Sequence[Tensor] = (), *, clip: float | Tensor | None = None) -> None:
        vector, gradient, state = self._flat.vector.data, self._flat.gradient, self._state
        for term in terms:
            gradient.add_(term)
        state["step"].add_(1)
        (group,) = self.optimizer.param_groups
        if isinstance(self.optimizer, torch.optim.Adam):
            (beta1, beta2), moments, steps = group["betas"], (state["exp_avg"], state["exp_avg_sq"]), state["step"]
        else:  # RMSprop, as in `flat_optimizer`: the gradient is its own average
            beta1, beta2, moments, steps = 0.0, group["alpha"], (gradient, state["square_avg"]), self._late
        settings = {"beta1": beta1, "beta2": beta2, "eps": group["eps"], "weight_decay": 0.0, "amsgrad": False, "maximize": False}
        size = -(-len(vector) // (_PIECES * _ALIGNED)) * _ALIGNED
        lists = [list(one.split(size)) for one in (vector, gradient, *moments)]
        torch.ops.aten._fused_adam_.tensor_lr(*lists, [], [steps] * len(lists[0]), lr=self._rate_there, **settings)
        if clip is not None:
            clamp(vector, clip)
