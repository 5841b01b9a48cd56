"""Parameters and gradients as one vector each."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from wgan_core.training.flat import FlatParameters

pytestmark = pytest.mark.arithmetic


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 1))


def test_the_vector_is_the_parameters() -> None:
    net = network()
    before = copy.deepcopy(net)
    flat = FlatParameters(net)
    for parameter, old in zip(net.parameters(), before.parameters(), strict=True):
        assert torch.equal(parameter, old)
        assert parameter.data_ptr() % 64 == flat.vector.data_ptr() % 64
    with torch.no_grad():
        flat.vector.fill_(2.0)
    assert all((parameter == 2).all() for parameter in net.parameters())


def test_a_backward_pass_fills_the_gradient_vector() -> None:
    net = network()
    plain = copy.deepcopy(net)
    flat = FlatParameters(net)
    x = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        flat.gradient.zero_()
        net(x).sum().backward()
    plain(x).sum().backward()
    assert flat.vector.grad is flat.gradient
    for part, parameter in zip(flat.views(flat.gradient), plain.parameters(), strict=True):
        assert parameter.grad is not None and torch.equal(part, parameter.grad)


def test_an_optimiser_of_the_vector_does_what_one_of_the_parameters_does() -> None:
    net = network()
    plain = copy.deepcopy(net)
    flat = FlatParameters(net)
    ours, theirs = torch.optim.RMSprop([flat.vector], lr=0.1), torch.optim.RMSprop(plain.parameters(), lr=0.1, foreach=False)
    for seed in range(5):
        x = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed))
        for model, optimizer in ((net, ours), (plain, theirs)):
            optimizer.zero_grad(set_to_none=False)
            model(x).square().sum().backward()
            optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), plain.parameters(), strict=True))


def test_parts_and_whole() -> None:
    flat = FlatParameters(network())
    parts = [torch.full(tuple(shape), float(index + 1)) for index, shape in enumerate(flat.shapes)]
    vector = flat.join(parts)
    assert all(torch.equal(a, b) for a, b in zip(flat.views(vector), parts, strict=True))
    assert vector.count_nonzero() == 5 * 7 + 7 + 7 + 1  # nothing between the parts
