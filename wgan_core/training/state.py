"""The training state as named tensors, and the check that a saved state fits before it is loaded."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wgan_core.config.whole import whole_number
from wgan_core.training.flat import FlatParameters

TensorDict = dict[str, Tensor]


class StateMismatch(ValueError):
    """A saved state does not fit this trainer. The message names the first difference."""


def check_fits(network: nn.Module, tensors: TensorDict, what: str) -> None:
    """Raise StateMismatch unless `tensors` has exactly the names and shapes of `network`, and all numbers are finite."""
    for name, like in network.state_dict().items():
        if name not in tensors:
            raise StateMismatch(f"{what}: {name} is missing.")
        if tensors[name].shape != like.shape:
            raise StateMismatch(f"{what}: {name} has shape {list(tensors[name].shape)} where {list(like.shape)} belongs.")
        if tensors[name].is_floating_point() and not tensors[name].isfinite().all():
            raise StateMismatch(f"{what}: {name} holds numbers that are not finite.")
    for name in tensors.keys() - network.state_dict().keys():
        raise StateMismatch(f"{what}: {name} does not belong here.")


def optimizer_to_tensors(optimizer: torch.optim.Optimizer, flat: FlatParameters, prefix: str) -> TensorDict:
    """The state of the `optimizer` of `flat.vector`, split by parameter: `prefix.<index>.<name>`. Empty before its first step."""
    tensors: TensorDict = {}
    for name, value in optimizer.state_dict()["state"].get(0, {}).items():
        parts = flat.views(value) if value.ndim else [value.clone() for _ in flat.shapes]
        tensors |= {f"{prefix}.{index}.{name}": part for index, part in enumerate(parts)}
    return tensors


_STATE_OF = {torch.optim.RMSprop: {"step", "square_avg"}, torch.optim.Adam: {"step", "exp_avg", "exp_avg_sq"}}


def optimizer_from_tensors(
    optimizer: torch.optim.Optimizer, flat: FlatParameters, prefix: str, tensors: TensorDict
) -> dict[int, TensorDict]:
    """The inverse of `optimizer_to_tensors`, in the form that the optimiser's load_state_dict accepts. Raises StateMismatch."""
    by_index: dict[int, TensorDict] = {}
    for name, value in tensors.items():
        if not name.startswith(prefix + "."):
            continue
        index, _, key = name.removeprefix(prefix + ".").partition(".")
        if (number := whole_number(index)) is None:
            raise StateMismatch(f"training: {name[:100]} does not belong here.")
        by_index.setdefault(number, {})[key] = value
    for index, state in by_index.items():
        whole = index < len(flat.shapes) and state.keys() == _STATE_OF[type(optimizer)]
        if not whole or any(tensor.ndim and tensor.shape != flat.shapes[index] for tensor in state.values()):
            raise StateMismatch(f"training: the optimiser's state of {prefix}.{index} does not fit.")
        if not all(tensor.isfinite().all() for tensor in state.values()):
            raise StateMismatch(f"training: the optimiser's state of {prefix}.{index} is not finite.")
    if not by_index:
        return {}
    if len(by_index) != len(flat.shapes):
        raise StateMismatch(f"training: the state of {prefix} is incomplete.")
    first = by_index[0]
    joined = {name: flat.join([by_index[index][name] for index in range(len(by_index))]) for name in first if first[name].ndim}
    return {0: {name: value for name, value in first.items() if not value.ndim} | joined}
