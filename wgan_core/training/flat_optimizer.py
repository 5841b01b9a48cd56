"""An optimiser of all parameters of a network, which lie in one vector. On a CPU a crew does a step in pieces, side by side.

PyTorch has a kernel that does a step of Adam in one pass over memory instead of eight. Adam without momentum (β1 = 0), so many steps on
that its correction of the first steps has vanished, is RMSprop. Both are equal to the plain optimisers up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop

from wgan_core.config import TrainConfig
from wgan_core.training.crew import Crew
from wgan_core.training.critic_loss import clamp
from wgan_core.training.flat import FlatParameters
from wgan_core.training.state import TensorDict

_ALIGNED = 64
"""Each piece is a multiple of this many numbers, so that in all pieces the same instructions compute."""
_WORTHWHILE = 2**15
"""Numbers in a piece. Handing over fewer takes longer than it saves."""


class _Piece(NamedTuple):
    """Some of the numbers: views of the vectors."""

    place: slice
    vector: Tensor
    gradient: Tensor
    averages: list[Tensor]
    """The optimiser's."""
    done: Tensor
    """Number of steps done."""


class FlatOptimizer:
    """RMSprop or Adam, by PyTorch's own functions. The number of pieces does not change a bit. With exact rounding, a step gives the bits
    of `optimizer` itself.

    Args:
        flat: the parameters and their gradient.
        rate: the learning rate.
        crew: does the pieces.
    """

    def __init__(self, flat: FlatParameters, config: TrainConfig, rate: float, crew: Crew) -> None:
        self._flat, self._crew, self._exact = flat, crew, config.rounding == "exact"
        self.optimizer = _optimizer(flat.vector, config, rate)
        """Holds the settings and the state."""
        self._made: list[_Piece] | None = None

    @property
    def changed(self) -> list[Tensor]:
        """What a step changes, besides parameters and gradient."""
        return list(self.optimizer.state[self._flat.vector].values())

    def set_rate(self, rate: float) -> None:
        """The learning rate from the next step on."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def load(self, state: dict[int, TensorDict]) -> None:
        """Continue from a saved state of `optimizer`."""
        self._made = None
        self.optimizer.load_state_dict({"state": state, "param_groups": self.optimizer.state_dict()["param_groups"]})

    def step(self, terms: Sequence[Tensor] = (), *, clip: float | Tensor | None = None) -> None:
        """One step.

        terms: added to the gradient first, in this order; vectors like it.
        clip: clamp all parameters to [-clip, clip] afterwards.
        """
        vector, gradient = self._flat.vector.data, self._flat.gradient
        state: TensorDict = self.optimizer.state[self._flat.vector]
        if vector.device.type != "cpu" or not state:  # the first step creates the state
            with torch.no_grad():
                for term in terms:
                    gradient.add_(term)
            self.optimizer.step()
            if clip is not None:
                clamp(vector, clip)
            return
        self._crew.do([partial(self._step_of, piece, terms, clip) for piece in self._pieces(state)])

    def _pieces(self, state: TensorDict) -> list[_Piece]:
        """The vectors in pieces; made once, because whoever makes views keeps the other threads waiting."""
        if self._made is None:
            length = len(self._flat.vector)
            count = max(1, min(self._crew.size, length // _WORTHWHILE))
            size = -(-length // (count * _ALIGNED)) * _ALIGNED
            places = [slice(start, min(start + size, length)) for start in range(0, length, size)]
            counts = [state["step"], *(state["step"].clone() for _ in places[1:])]  # each piece counts the step
            self._made = [self._piece(place, done, state) for place, done in zip(places, counts, strict=True)]
        return self._made

    def _piece(self, place: slice, done: Tensor, state: TensorDict) -> _Piece:
        averages = [state[name][place] for name in ("exp_avg", "exp_avg_sq", "square_avg") if name in state]
        return _Piece(place, self._flat.vector.data[place], self._flat.gradient[place], averages, done)

    def _step_of(self, piece: _Piece, terms: Sequence[Tensor], clip: float | Tensor | None) -> None:
        """A step of some of the numbers."""
        place, vector, gradient, averages, done = piece
        (group,) = self.optimizer.param_groups
        for term in terms:
            gradient.add_(term[place])
        if isinstance(self.optimizer, torch.optim.Adam):
            names = ("amsgrad", "lr", "weight_decay", "eps", "maximize")
            settings = {name: group[name] for name in names} | dict(zip(("beta1", "beta2"), group["betas"], strict=True))
            average, square_average = averages
            if group["fused"] or not self._exact:
                done += 1
                _adam_in_one_pass(vector, gradient, average, square_average, done, settings)
            else:
                adam([vector], [gradient], [average], [square_average], [], [done], **settings)
        elif self._exact:
            names = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize")
            rmsprop([vector], [gradient], averages, [], [], [done], **{name: group[name] for name in names})
        else:
            done += 1
            # The gradient is its own average, because β1 is 0.
            settings = _PLAIN | {"lr": group["lr"], "beta2": group["alpha"], "eps": group["eps"]}
            _adam_in_one_pass(vector, gradient, gradient, averages[0], _LATE, settings)
        if clip is not None:
            clamp(vector, clip)


def _optimizer(parameter: Tensor, config: TrainConfig, rate: float) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam([parameter], lr=rate, betas=(config.adam_beta1, config.adam_beta2))
    if config.precision == "bfloat16" and parameter.device.type in ("cpu", "cuda"):
        return _fused_rmsprop(parameter, rate)
    return torch.optim.RMSprop([parameter], lr=rate)


LATE = 1e6
"""So many steps on, Adam's correction of the first steps is exactly 1."""
_LATE = torch.tensor(LATE)
_PLAIN = {"beta1": 0.0, "weight_decay": 0.0, "amsgrad": False, "maximize": False}


def _adam_in_one_pass(
    vector: Tensor, gradient: Tensor, average: Tensor, square_average: Tensor, step: Tensor, settings: dict[str, Any]
) -> None:
    """Adam's step number `step`. Called without PyTorch's wrapper, which takes half as long as the kernel and keeps the other threads
    waiting."""
    torch.ops.aten._fused_adam_([vector], [gradient], [average], [square_average], [], [step], **settings)


def rmsprop_as_kept_by(optimizer: torch.optim.Optimizer, state: TensorDict) -> TensorDict:
    """A saved state of RMSprop, named as in `optimizer_to_tensors`, under the names of this `optimizer`: plain RMSprop, or the one in one
    pass, whichever precision it was saved in. The average that is kept is the same."""
    kept = {name.rpartition(".")[2] for name in state}
    fused = isinstance(optimizer, torch.optim.Adam)
    if not kept or ("exp_avg_sq" in kept) == fused:
        return state
    named: TensorDict = {}
    for name, value in state.items():
        place, _, what = name.rpartition(".")
        match what:
            case "square_avg":
                named |= {f"{place}.exp_avg": torch.zeros_like(value), f"{place}.exp_avg_sq": value}
            case "exp_avg_sq":
                named[f"{place}.square_avg"] = value
            case "step":
                named[name] = torch.tensor(LATE) if fused else torch.zeros(())  # neither is looked at by RMSprop
            case _:
                pass
    return named


def _fused_rmsprop(parameter: Tensor, rate: float) -> torch.optim.Optimizer:
    """RMSprop in one pass as an optimiser of its own, for GPUs too."""
    plain = torch.optim.RMSprop([parameter]).defaults
    adam = torch.optim.Adam([parameter], lr=rate, betas=(0.0, plain["alpha"]), eps=plain["eps"], fused=True)
    steps = torch.tensor(LATE, device=parameter.device)
    adam.state[parameter] = {"step": steps, "exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
    return adam
