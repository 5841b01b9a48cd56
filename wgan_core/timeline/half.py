"""Networks in half precision, to be looked at; and in a quarter of the space, for runs that are shipped."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from wgan_core.store.past import SCALE

TensorDict = dict[str, Tensor]
_STEPS = 127
_LARGEST, _SMALLEST = float(torch.finfo(torch.float16).max), float(torch.finfo(torch.float16).tiny)


def halved(network: Mapping[str, Tensor]) -> TensorDict | None:
    """The tensors of a network on the CPU, matrices and kernels as float16; None if a number is not finite.

    float16 keeps 11 significant bits between 6.1e-5 and 65,504. Vectors stay as they are: biases, norms and above all BatchNorm's running
    variance, which can be larger and takes hardly any space. So does a matrix whose largest weight lies outside that range, as with a very
    small clip value.
    """
    found: TensorDict = {}
    for name, tensor in network.items():
        tensor = tensor.detach()
        if tensor.is_floating_point() and not tensor.isfinite().all():
            return None
        found[name] = (tensor.half() if _fits(tensor) else tensor.clone()).cpu().contiguous()
    return found


def _fits(tensor: Tensor) -> bool:
    if tensor.ndim < 2 or not tensor.is_floating_point():
        return False
    largest = float(tensor.abs().max()) if tensor.numel() else 0.0
    return largest == 0 or _SMALLEST <= largest <= _LARGEST


def quartered(network: Mapping[str, Tensor]) -> TensorDict:
    """The tensors of a network with matrices and kernels as int8: each row is a multiple of its own scale, which is stored beside it. An
    error is at most 1/254 of the row's largest weight; weights that are clipped to ±c stay there. `Past.read_light` undoes it."""
    found: TensorDict = {}
    for name, tensor in network.items():
        tensor = tensor.detach().cpu()
        if tensor.ndim < 2 or not tensor.is_floating_point():
            found[name] = tensor.clone()
            continue
        scale = tensor.float().flatten(1).abs().amax(1) / _STEPS
        rows = tensor.float() / scale.where(scale > 0, torch.ones(())).view(-1, *[1] * (tensor.ndim - 1))
        found |= {name: rows.round().to(torch.int8).contiguous(), name + SCALE: scale}
    return found
