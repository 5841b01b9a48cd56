"""The gradients of an MLP critic's estimate, written out: fewer and larger matrix products than autograd makes, and the same numbers.

Both halves, real and generated, go through the layers together. The gradients of the weights are summed for each half by itself and then
added, as two passes of autograd do: another order of the sums differs in the last bits, and RMSprop blows that up where a gradient is
nearly nothing (1e-5, at worst 2e-3, after 50 updates). So on one thread the result is autograd's to the last bit; more threads may divide
the larger products in another way.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.models import MLPCritic


class EstimateGradients:
    """Computes scores, and the gradients of E f(fake) − E f(real), of an MLP critic without norms.

    Args:
        critic: whose parameters have a `grad` tensor each, as `FlatParameters` gives them.
        batch: real images, and as many generated ones.
        dtype: what the matrix products of the hidden layers compute in; the last layer and the gradients are the parameters'.
    """

    def __init__(self, critic: MLPCritic, batch: int, dtype: torch.dtype) -> None:
        *self._hidden, self._last = (layer for layer in critic.layers if isinstance(layer, nn.Linear))
        self._slope = next(layer.negative_slope for layer in critic.layers if isinstance(layer, nn.LeakyReLU))
        self._dtype = dtype
        weight = self._last.weight
        self._input = torch.empty(2 * batch, self._hidden[0].in_features, dtype=dtype, device=weight.device)
        # Of the loss with respect to each score.
        self._on_scores = torch.full((2 * batch, 1), 1 / batch, dtype=weight.dtype, device=weight.device)
        self._on_scores[:batch] = -1 / batch

    @torch.no_grad()
    def __call__(self, real: Tensor, fake: Tensor, *, add: bool) -> tuple[Tensor, Tensor]:
        """Scores [batch, 1] of `real` and `fake` [batch, ...]; the gradients are written, or added, to the parameters' `grad`."""
        for place, images in zip(self._input.chunk(2), (real, fake), strict=True):
            place.copy_(images.flatten(1))
        activations, weights = self._forward()
        top = activations[-1].to(self._last.weight.dtype)
        real_top, fake_top = top.chunk(2)
        self._add_gradients(self._last, self._on_scores, top, add)
        on_output = self._on_scores @ self._last.weight
        for index in reversed(range(len(self._hidden))):
            on_output = torch.ops.aten.leaky_relu_backward(on_output.to(self._dtype), activations[index + 1], self._slope, True)
            self._add_gradients(self._hidden[index], on_output, activations[index], add)
            if index > 0:
                on_output = on_output @ weights[index]
        # By halves: a product with one column may depend in its last bits on how many rows there are.
        return self._last(real_top), self._last(fake_top)

    def _forward(self) -> tuple[list[Tensor], list[Tensor]]:
        """What goes into each layer, and the hidden layers' weights as they were used."""
        activations = [self._input]
        weights = [layer.weight.to(self._dtype) for layer in self._hidden]
        for layer, weight in zip(self._hidden, weights, strict=True):
            x = functional.linear(activations[-1], weight, layer.bias.to(self._dtype))
            activations.append(functional.leaky_relu_(x, self._slope))
        return activations, weights

    def _add_gradients(self, layer: nn.Linear, on_output: Tensor, inputs: Tensor, add: bool) -> None:
        """Of a layer's weight and bias. The generated half comes first: so does autograd, which begins with what was computed last."""
        if self._dtype != layer.weight.dtype:  # rounded anyway, so in one product
            _accumulate(layer.weight, on_output.t() @ inputs, add)
            _accumulate(layer.bias, on_output.sum(0), add)
            return
        (real_out, fake_out), (real_in, fake_in) = on_output.chunk(2), inputs.chunk(2)
        for out, into, keep in ((fake_out, fake_in, add), (real_out, real_in, True)):
            _accumulate_product(layer.weight, out.t(), into, keep)
            _accumulate(layer.bias, out.sum(0), keep)


def _accumulate(parameter: Tensor, gradient: Tensor, keep: bool) -> None:
    assert parameter.grad is not None
    parameter.grad.add_(gradient) if keep else parameter.grad.copy_(gradient)


def _accumulate_product(parameter: Tensor, left: Tensor, right: Tensor, keep: bool) -> None:
    """As `_accumulate` of left @ right, in one call where that gives the same bits: not for products with a single row."""
    assert parameter.grad is not None
    if len(left) == 1:
        _accumulate(parameter, left @ right, keep)
    else:
        torch.addmm(parameter.grad, left, right, beta=int(keep), out=parameter.grad)
