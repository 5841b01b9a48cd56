"""Signs, gradients and the clip."""

from __future__ import annotations

import torch
from torch import nn

from wgan_core.training.critic_loss import clip_weights
from wgan_core.training.objective import OBJECTIVES, wasserstein_estimate


def test_the_estimate_does_not_see_a_constant_added_to_the_critic() -> None:
    real, fake = torch.tensor([[3.0], [5.0]]), torch.tensor([[1.0], [-2.0], [4.0]])  # halves of unequal size have their own means
    assert wasserstein_estimate(real, fake).item() == 3.0
    assert wasserstein_estimate(real + 8, fake + 8).item() == 3.0
    assert wasserstein_estimate(fake, real).item() == -3.0


def test_descending_the_generators_loss_raises_the_scores() -> None:
    scores = torch.zeros(4, 1, requires_grad=True)
    OBJECTIVES["wasserstein"].generator_loss(scores).backward()
    assert scores.grad is not None and (scores.grad == -0.25).all()


def test_weights_on_the_bound_and_within_stay_to_the_bit() -> None:
    layer = nn.Linear(3, 2)
    inside = torch.tensor([[0.25, -0.25, 0.1], [5.0, -5.0, torch.nextafter(torch.tensor(0.25), torch.tensor(0.0)).item()]])
    with torch.no_grad():
        layer.weight.copy_(inside)
        layer.bias.copy_(torch.tensor([torch.inf, -0.0]))
    clip_weights(layer.parameters(), 0.25)
    expected = inside.clone()
    expected[1, :2] = torch.tensor([0.25, -0.25])
    assert torch.equal(layer.weight, expected)
    assert torch.equal(layer.bias, torch.tensor([0.25, -0.0]))


def test_clipping_changes_numbers_not_parameters() -> None:
    """The optimiser and the graph know the parameters by identity; the clip must not enter the graph."""
    layer = nn.Linear(3, 2)
    before = [(id(parameter), parameter.data_ptr()) for parameter in layer.parameters()]
    clip_weights(layer.parameters(), 0.01)
    assert [(id(parameter), parameter.data_ptr()) for parameter in layer.parameters()] == before
    assert all(parameter.is_leaf and parameter.requires_grad and parameter.grad is None for parameter in layer.parameters())
