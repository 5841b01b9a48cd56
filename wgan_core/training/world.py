"""Several processes that train one run together, each on its part of every batch.

The batch, the noise and the penalty's random numbers are those of a single process; each process takes its rows of them. So the mean of the
processes' gradients is the gradient of the joined batch, whatever the loss: DistributedDataParallel averages what backward() brings to its
hooks, and the gradient penalty's autograd.grad bypasses them.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator, Sequence
from typing import Any

import safetensors.torch
import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.distributed.rendezvous import rendezvous

from wgan_core.config import ConfigError
from wgan_core.training.job import Job

TensorDict = dict[str, Tensor]
_BACKENDS = {"cpu": "gloo", "cuda": "nccl"}
_PATIENCE = datetime.timedelta(minutes=10)
"""For a process that neither answers nor is gone: process 0 may take long to save on a slow disk, and the others wait."""
_SLICE = datetime.timedelta(seconds=1)
"""What a process waits for another at a time, for while it waits it hears no signal."""
_LOOK_EVERY = 16
_FINE = "fine"
_TOLD = ("config", "device", "data", "start", "ready")
"""What the others wait to hear of process 0."""


class PeerLost(RuntimeError):
    """Another process of the job does not answer any more."""

    def __init__(self) -> None:
        super().__init__("Another process of this job ended or does not answer any more, so the run was stopped.")


class World:
    """The processes that train together, seen from one of them; needs torch.distributed's default group.

    Every process must make the same calls in the same order.

    Args:
        rank: which of them this is, from 0.
        size: how many there are.
        device: where the tensors lie.
    """

    def __init__(self, rank: int, size: int, device: torch.device) -> None:
        self.rank = rank
        self.size = size
        self.stopping = False
        """Whether the processes agreed to stop; becomes true on all of them at the same step."""
        self.device = device
        self._wants_to_stop = False
        self._asked = torch.zeros((), device=device)
        self._calls = 0

    def rows(self, batch_size: int) -> slice:
        """The rows of a joined batch that are this process's."""
        share = batch_size // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def average(self, gradients: Sequence[Tensor], numbers: Sequence[Tensor]) -> list[Tensor]:
        """Put the mean over all processes into each of `gradients`, and return the means of `numbers` (0-dim): one all-reduce.

        Whether somebody wants to stop travels along.
        """
        stop = torch.full((), float(self._wants_to_stop), device=self.device)
        parts = [*(gradient.flatten() for gradient in gradients), torch.stack([*numbers, stop])]
        joined = torch.cat(parts)
        self._sum(joined)
        *means, tail = joined.split([len(part) for part in parts])
        self._asked += tail[-1]
        self._calls += 1
        # On the CPU a look costs nothing; elsewhere it waits for the device.
        if self.device.type == "cpu" or self._calls % _LOOK_EVERY == 0:
            self.stopping = bool(self._asked > 0)
        for gradient, mean in zip(gradients, means, strict=True):
            torch.div(mean.view_as(gradient), self.size, out=gradient)
        return list((tail[:-1] / self.size).unbind())

    def gather(self, x: Tensor) -> Tensor:
        """`x` of every process, [size, *x.shape]; differentiable once."""
        return _Sum.apply(torch.stack([x if rank == self.rank else torch.zeros_like(x) for rank in range(self.size)]), self)

    def spread(self, state: dict[str, TensorDict] | None) -> dict[str, TensorDict]:
        """A training state as process 0 gives it, on the CPU of every process; the others give None."""
        data = b"" if state is None else safetensors.torch.save(_by_path(state))
        length = torch.tensor(len(data), device=self.device)
        self._broadcast(length)
        sent = torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(int(length), dtype=torch.uint8)
        sent = sent.to(self.device)
        self._broadcast(sent)
        received: dict[str, TensorDict] = {}
        for path, tensor in safetensors.torch.load(sent.cpu().numpy().tobytes()).items():
            part, _, name = path.partition("/")
            received.setdefault(part, {})[name] = tensor
        return received

    def ask_to_stop(self) -> None:
        """Let all processes stop after the step in which they hear of it. May be called from any thread."""
        self._wants_to_stop = True

    def close(self) -> None:
        """Part, after the last step."""
        dist.destroy_process_group()

    def _sum(self, tensor: Tensor) -> None:
        """Replace `tensor` by its sum over all processes. Raises PeerLost."""
        try:
            dist.all_reduce(tensor)
        except RuntimeError as error:
            raise PeerLost from error

    def _broadcast(self, tensor: Tensor) -> None:
        try:
            dist.broadcast(tensor, 0)
        except RuntimeError as error:
            raise PeerLost from error


class Meeting:
    """What the processes of `job` tell each other before they train: by torchrun's key-value store, for the run may turn out not to start.

    Process 0 tells the others the config and when the data is there (`tell`, `hear`); all say whether they can go on (`settle`).
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._store, _, _ = next(rendezvous("env://", timeout=_PATIENCE))
        self.called_off = False
        """Set by a signal: waiting ends."""

    def tell(self, key: str, text: str) -> None:
        """Let the others hear `text`, which must not be empty."""
        self._store.set(key, text)

    def hear(self, key: str) -> str:
        """What was told under `key`, once it is; empty if process 0 called the run off. Raises PeerLost after ten minutes, or when
        `called_off`."""
        end = time.monotonic() + _PATIENCE.total_seconds()
        while not self.called_off:
            try:
                self._store.wait([key], _SLICE)
                return self._store.get(key).decode()
            except dist.DistStoreError as error:
                if time.monotonic() > end:
                    raise PeerLost from error
            except RuntimeError as error:
                raise PeerLost from error
        raise PeerLost

    def settle(self, when: str, problem: str = "") -> str:
        """The first `problem` that any process has at this point; empty, on all of them, if none has."""
        self.tell(f"{when} {self.job.rank}", problem or _FINE)
        if not self.job.leads:
            return self.hear(when).removeprefix(_FINE)
        answers = [self.hear(f"{when} {rank}") for rank in range(self.job.size)]
        verdict = next((answer for answer in answers if answer != _FINE), _FINE)
        self.tell(when, verdict)
        return verdict.removeprefix(_FINE)

    @contextlib.contextmanager
    def led(self) -> Iterator[None]:
        """For process 0: if it leaves before training began, the others go too, without a word."""
        try:
            yield
        finally:
            with contextlib.suppress(RuntimeError):
                for key in _TOLD:
                    self._store.set(key, "")

    def join(self, world: World) -> None:
        """Connect the processes. Raises PeerLost if one does not come."""
        backend = _BACKENDS[world.device.type]
        try:
            dist.init_process_group(backend, store=self._store, rank=world.rank, world_size=world.size, timeout=_PATIENCE)
        except RuntimeError as error:
            raise PeerLost from error


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes. Each process's loss depends on it, so the gradients are summed over all of them too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, world: World) -> Tensor:
        ctx.world = world
        total = x.clone()
        world._sum(total)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = gradient.clone()
        ctx.world._sum(total)
        return total, None


def _by_path(state: dict[str, TensorDict]) -> TensorDict:
    return {f"{part}/{name}": tensor.detach().cpu().contiguous() for part, tensors in state.items() for name, tensor in tensors.items()}


def check_batch(batch_size: int, processes: int) -> None:
    """Raise ConfigError unless `batch_size` can be divided among `processes`."""
    if batch_size % processes == 0:
        return
    below, above = batch_size // processes * processes, -(-batch_size // processes) * processes
    fitting = f"{below} or {above}" if below else f"{above}"
    raise ConfigError(
        f"batch_size is the whole batch over all processes, and {batch_size} cannot be divided among {processes} of them: take {fitting}."
    )


def own_device(device: torch.device, local_rank: int) -> None:
    """Make the GPU with the number `local_rank` this process's own, where `device` is CUDA. Raises ConfigError."""
    if device.type not in _BACKENDS:
        raise ConfigError(f"Several processes cannot train together on {device.type}: choose the device cpu, or start one process.")
    if device.type != "cuda":
        return
    there = torch.cuda.device_count()
    if local_rank >= there:
        raise ConfigError(f"Each process needs a GPU of its own, and this machine has {there}: start {there} here, or give --device cpu.")
    torch.cuda.set_device(local_rank)
