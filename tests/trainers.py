"""Training a trainer for some steps, and comparing what has become of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from wgan_core.training.trainer import Trainer


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.train_step()
    return trainer


def weights(*networks: nn.Module) -> Tensor:
    """All parameters and buffers of these networks as one vector, copied."""
    return torch.cat([tensor.flatten().double() for network in networks for tensor in network.state_dict().values()])


def all_weights(trainer: Trainer) -> Tensor:
    """Generator and critic as one vector, copied."""
    return weights(trainer.generator, trainer.critic)


def largest_weight(trainer: Trainer) -> float:
    """Of the critic, without its sign."""
    return max(float(parameter.detach().abs().max()) for parameter in trainer.critic.parameters())


def states(trainer: Trainer) -> dict[str, Tensor]:
    """Everything that the training goes on from, copied."""
    return {f"{part}.{name}": value.clone() for part, tensors in trainer.state_dict().items() for name, value in tensors.items()}


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    """To the last bit; what is not a number in both is the same."""
    return first.keys() == second.keys() and all(torch.equal(first[name].nan_to_num(7), second[name].nan_to_num(7)) for name in first)


def take_over(theirs: nn.Module, ours: nn.Module) -> None:
    """Copy all parameters and buffers of `ours` into `theirs`, matched by their order."""
    values, names = list(ours.state_dict().values()), theirs.state_dict()
    assert [tensor.shape for tensor in values] == [tensor.shape for tensor in names.values()]
    theirs.load_state_dict(dict(zip(names, copy.deepcopy(values), strict=True)))
