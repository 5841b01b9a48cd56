"""The generator's forward pass for its own update, whose backward pass a crew computes side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.crew import Crew
from wgan_core.training.models import MLPGenerator


def samples_to_learn_from(generator: nn.Module, z: Tensor, crew: Crew) -> Tensor:
    """`generator(z)`, with a graph. The numbers and the gradients are those of autograd, to the last bit."""
    if crew.size == 1 or not isinstance(generator, MLPGenerator) or torch.is_autocast_enabled("cpu"):
        return generator(z)
    x = z
    for layer in generator.layers:
        x = _Linear.apply(x, layer.weight, layer.bias, crew) if isinstance(layer, nn.Linear) else layer(x)
    return x.view(-1, *generator.sample_shape)


class _Linear(torch.autograd.Function):
    """A linear layer whose two products of the backward pass are computed side by side."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, crew: Crew) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.crew = crew
        return functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *on_outputs: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        (on_output,) = on_outputs
        products = [lambda: on_output.t() @ x]
        if ctx.needs_input_grad[0]:
            products.append(lambda: on_output @ weight)
        on_weight, *on_x = ctx.crew.do(products)
        return (on_x[0] if on_x else None), on_weight, on_output.sum(0), None
