"""One half of a critic update: the scores of a batch, and the gradients of a multiple of their mean.

Two threads compute such halves side by side. Between its products, which leave Python's lock, a thread holds that lock, and the other has
to wait for it: some 30 µs each time that it must be woken. So a half calls as little as it can. Every view and every place for a result is
made once, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.classes import to_outputs, with_class

_backward = torch.ops.aten.leaky_relu_backward.grad_input


class _Layer(NamedTuple):
    """A hidden layer, the places for what it computes, and those of its gradients."""

    weight: Tensor
    """Of the network, [outputs, inputs], or a copy in the type of the products."""
    bias: Tensor
    copied: list[tuple[Tensor, Tensor]]
    """Copies and what they are made of, for each pass anew."""
    transposed: Tensor
    output: Tensor
    """[batch, outputs], after the activation."""
    on_output: Tensor
    """The gradient there, before it."""
    on_output_transposed: Tensor
    on_weight: Tensor
    on_bias: Tensor


class MeanPass:
    """Computes one half. Its results are valid until the next call.

    Args:
        layers: of an MLP critic with LeakyReLU and without norms, from the input on. Their parameters may change, but stay where they are.
        slope: of LeakyReLU.
        on_score: the gradient at each score, [batch, 1].
        places: where the gradients of each layer's weight and bias are written.
        dtype: type of the hidden layers' products; everything else has the parameters' type.
    """

    def __init__(
        self,
        layers: Sequence[nn.Linear],
        slope: float,
        on_score: Tensor,
        places: dict[nn.Linear, tuple[Tensor, Tensor]],
        dtype: torch.dtype,
    ) -> None:
        *hidden, last = layers
        self._slope, self._on_score, self._dtype = slope, on_score, dtype
        self._hidden = [self._prepared(layer, len(on_score), places[layer]) for layer in hidden]
        self._weight, self._bias, self._transposed = last.weight.data, last.bias.data, last.weight.data.t()
        self._on_weight, self._on_bias = places[last]
        self._is_low = dtype != self._weight.dtype
        self._on_top = torch.empty(len(on_score), last.in_features, dtype=self._weight.dtype, device=on_score.device)

    def _prepared(self, layer: nn.Linear, batch: int, places: tuple[Tensor, Tensor]) -> _Layer:
        weight, bias, copied = layer.weight.data, layer.bias.data, []
        if weight.dtype != self._dtype:
            copied = [(torch.empty_like(whole, dtype=self._dtype), whole) for whole in (weight, bias)]
            weight, bias = (copy for copy, _ in copied)
        output, on_output = (torch.empty(batch, layer.out_features, dtype=self._dtype, device=weight.device) for _ in range(2))
        return _Layer(weight, bias, copied, weight.t(), output, on_output, on_output.t(), *places)

    @torch.no_grad()
    def __call__(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """The scores [batch, 1] of samples [batch, ...] of `classes` [batch, classes]. Writes the gradients."""
        x = first = samples.flatten(1).to(self._dtype)
        for layer in self._hidden:
            for copy, whole in layer.copied:
                copy.copy_(whole)
            torch.addmm(layer.bias, x, layer.transposed, out=layer.output)
            x = functional.leaky_relu_(layer.output, self._slope)
        top = x.to(self._weight.dtype) if self._is_low else x
        self._backwards(first, top, to_outputs(self._on_score, classes))
        return with_class(torch.addmm(self._bias, top, self._transposed), classes)

    def _backwards(self, first: Tensor, top: Tensor, on_outputs: Tensor) -> None:
        torch.mm(on_outputs.t(), top, out=self._on_weight)
        torch.sum(on_outputs, 0, out=self._on_bias)
        on_output = torch.mm(on_outputs, self._weight, out=self._on_top)
        for index in reversed(range(len(self._hidden))):
            layer = self._hidden[index]
            given = on_output.to(self._dtype) if self._is_low else on_output
            _backward(given, layer.output, self._slope, True, grad_input=layer.on_output)
            x = self._hidden[index - 1].output if index > 0 else first
            if self._is_low:
                layer.on_weight.copy_(layer.on_output_transposed @ x)
                layer.on_bias.copy_(layer.on_output.sum(0))
            else:
                torch.mm(layer.on_output_transposed, x, out=layer.on_weight)
                torch.sum(layer.on_output, 0, out=layer.on_bias)
            if index > 0:
                on_output = torch.mm(layer.on_output, layer.weight, out=self._hidden[index - 1].on_output)
