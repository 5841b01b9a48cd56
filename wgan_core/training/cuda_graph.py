"""Computations captured once as CUDA graphs and then run again and again, without Python and with one launch for all their kernels.

A graph computes on fixed places in the GPU's memory, and by the kernels that were chosen when it was captured.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from wgan_core.training.crew import Crew, Part

T = TypeVar("T")

_CAPTURING = threading.Lock()
"""Capturing waits for the whole device, which must not happen while another run captures, and it chooses kernels for the whole process."""
_WARM_UPS = 2
_STREAMS = 2


class StreamCrew(Crew):
    """Does the parts of a step side by side on streams of a GPU; the first on the current one. A step has up to three parts."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._streams = [torch.cuda.Stream(device) for _ in range(_STREAMS)]

    def do(self, parts: Sequence[Part]) -> list[Any]:
        here = torch.cuda.current_stream()
        others = self._streams[: len(parts) - 1]
        with torch.no_grad():
            for stream in others:
                stream.wait_stream(here)
            found = [parts[0]()]
            for number, part in enumerate(parts[1:]):
                with torch.cuda.stream(others[number % len(others)]):
                    found.append(part())
            # The parts hold what they use until here, so that no memory is given to another part while one still reads it.
            for stream in others:
                here.wait_stream(stream)
        return found


class Captured(Generic[T]):
    """A computation, captured now. A call computes it on the current stream, and does not wait for the GPU.

    Args:
        compute: the computation. It draws no random numbers, does not wait for the GPU, and always takes the same way through Python. What
            it returns lies at fixed places, and is to be copied before another graph of the same pool runs, or kept alive before that one
            is captured.
        changes: the tensors outside the computation that it changes.
        precision: what its products round to: float32, tf32 or bfloat16 (which needs an autocast in `compute`).
        pool: the memory that graphs share which run one after the other.
    """

    def __init__(self, compute: Callable[[], T], changes: Sequence[Tensor], precision: str, pool: Any) -> None:
        self._graph = torch.cuda.CUDAGraph()
        stream = torch.cuda.Stream()
        with _CAPTURING, kernels(precision):
            _warm_up(compute, changes, stream)
            # In this mode other threads may use the GPU as they like meanwhile.
            with torch.cuda.graph(self._graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                self._found = compute()

    def __call__(self) -> T:
        self._graph.replay()
        return self._found


def _warm_up(compute: Callable[[], object], changes: Sequence[Tensor], stream: torch.cuda.Stream) -> None:
    """Compute without a graph, so that libraries are loaded and have their memory, and undo it."""
    here = torch.cuda.current_stream()
    stream.wait_stream(here)
    with torch.cuda.stream(stream):
        before = [(tensor, tensor.detach().clone()) for tensor in changes]
        for _ in range(_WARM_UPS):
            compute()
        with torch.no_grad():
            for tensor, value in before:
                tensor.copy_(value)
    here.wait_stream(stream)


def choose_kernels(precision: str) -> None:
    """From now on, PyTorch chooses kernels that always give the same bits, and that round as `precision` says, on all threads."""
    for place, name, value in _choices(precision):
        setattr(place, name, value)


@contextlib.contextmanager
def kernels(precision: str) -> Iterator[None]:
    """The same for a while."""
    before = [(place, name, getattr(place, name)) for place, name, _ in _choices(precision)]
    choose_kernels(precision)
    try:
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def _choices(precision: str) -> tuple[tuple[Any, str, object], ...]:
    rounded, convolutions = "tf32" if precision == "tf32" else "ieee", torch.backends.cudnn
    products = torch.backends.cuda.matmul, getattr(convolutions, "conv")  # noqa: B009  # PyTorch's stubs do not know it
    return (*((place, "fp32_precision", rounded) for place in products), (convolutions, "deterministic", True))
