"""Several processes that train one run together, each on its part of every batch.

The batch, the latents and the penalty's random numbers are the same as in a single process, and each process takes its own rows of them. So
the mean of the processes' gradients is the gradient of the joined batch, for any loss. DistributedDataParallel cannot do this, because it
averages only gradients from backward(), and the gradient penalty's autograd.grad bypasses its hooks.
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
_TIMEOUT = datetime.timedelta(minutes=10)
"""Maximum wait for a process that neither answers nor has ended. It is long because process 0 may be saving to a slow disk meanwhile."""
_WAIT_SLICE = datetime.timedelta(seconds=1)
"""Length of one wait. It is short because a waiting process does not react to signals."""
_STOP_CHECK_EVERY_CALLS = 16
"""On a GPU, whether to stop is checked only after this many calls."""
_FINE = "fine"
_MESSAGE_KEYS = ("config", "device", "data", "start", "ready")
"""Keys under which process 0 sends messages to the others."""


class PeerLost(RuntimeError):
    """Another process of the job no longer answers."""

    def __init__(self) -> None:
        super().__init__("Another process of this job has ended or no longer answers, so the run was stopped.")


class World:
    """The processes that train together, seen from one of them. Needs torch.distributed's default group.

    Every process must make the same calls in the same order.

    Args:
        rank: number of this process, from 0.
        size: number of processes.
        device: where the tensors are.
    """

    def __init__(self, rank: int, size: int, device: torch.device) -> None:
        self.rank = rank
        self.size = size
        self.stopping = False
        """Whether the processes have agreed to stop. Becomes true in all of them at the same step."""
        self.device = device
        self._wants_to_stop = False
        self._asked = torch.zeros((), device=device)
        self._calls = 0

    def rows(self, batch_size: int) -> slice:
        """This process's rows of a joined batch."""
        share = batch_size // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def average(self, gradients: Sequence[Tensor], numbers: Sequence[Tensor]) -> list[Tensor]:
        """Replace each of `gradients` by its mean over all processes, and return the means of `numbers` (0-dim). This takes one all-reduce.

        The same all-reduce carries whether a process wants to stop.
        """
        stop = torch.full((), float(self._wants_to_stop), device=self.device)
        parts = [*(gradient.flatten() for gradient in gradients), torch.stack([*numbers, stop])]
        joined = torch.cat(parts)
        self._sum(joined)
        *means, tail = joined.split([len(part) for part in parts])
        self._asked += tail[-1]
        self._calls += 1
        # On the CPU, reading the number costs nothing; on other devices it has to wait for the device.
        if self.device.type == "cpu" or self._calls % _STOP_CHECK_EVERY_CALLS == 0:
            self.stopping = bool(self._asked > 0)
        for gradient, mean in zip(gradients, means, strict=True):
            torch.div(mean.view_as(gradient), self.size, out=gradient)
        return list((tail[:-1] / self.size).unbind())

    def gather(self, x: Tensor) -> Tensor:
        """`x` of all processes, [size, *x.shape]; differentiable once."""
        return _Sum.apply(torch.stack([x if rank == self.rank else torch.zeros_like(x) for rank in range(self.size)]), self)

    def share_state(self, state: dict[str, TensorDict] | None) -> dict[str, TensorDict]:
        """Send a training state from process 0 to every process, on the CPU. The other processes pass None."""
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
        """Ask all processes to stop; they do so together after one of the next steps. May be called from any thread."""
        self._wants_to_stop = True

    def close(self) -> None:
        """Disconnect, after the last step."""
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
    """Messages between the processes of `job` before they train. They use torchrun's key-value store, since the run may still turn out not
    to start.

    Process 0 sends the others the config and tells them when the data is there (`tell`, `hear`). All processes say whether they can
    continue (`settle`).
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._store, _, _ = next(rendezvous("env://", timeout=_TIMEOUT))
        self.called_off = False
        """Set by a signal handler, to end all waiting."""

    def tell(self, key: str, text: str) -> None:
        """Send `text`, which must not be empty, to the other processes."""
        self._store.set(key, text)

    def hear(self, key: str) -> str:
        """Wait for the text sent under `key`; empty if process 0 called the run off. Raises PeerLost after ten minutes, or if
        `called_off`."""
        end = time.monotonic() + _TIMEOUT.total_seconds()
        while not self.called_off:
            try:
                self._store.wait([key], _WAIT_SLICE)
                return self._store.get(key).decode()
            except dist.DistStoreError as error:
                if time.monotonic() > end:
                    raise PeerLost from error
            except RuntimeError as error:
                raise PeerLost from error
        raise PeerLost

    def settle(self, when: str, problem: str = "") -> str:
        """The first `problem` reported by any process at the point `when`; empty, in all processes, if there is none."""
        self.tell(f"{when} {self.job.rank}", problem or _FINE)
        if not self.job.leads:
            return self.hear(when).removeprefix(_FINE)
        answers = [self.hear(f"{when} {rank}") for rank in range(self.job.size)]
        verdict = next((answer for answer in answers if answer != _FINE), _FINE)
        self.tell(when, verdict)
        return verdict.removeprefix(_FINE)

    @contextlib.contextmanager
    def led(self) -> Iterator[None]:
        """For process 0: if it ends before training begins, the other processes end too, without a message."""
        try:
            yield
        finally:
            with contextlib.suppress(RuntimeError):
                for key in _MESSAGE_KEYS:
                    self._store.set(key, "")

    def join(self, world: World) -> None:
        """Connect the processes. Raises PeerLost if one of them does not connect."""
        backend = _BACKENDS[world.device.type]
        try:
            dist.init_process_group(backend, store=self._store, rank=world.rank, world_size=world.size, timeout=_TIMEOUT)
        except RuntimeError as error:
            raise PeerLost from error


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes. Every process's loss depends on it, so the gradients are summed over all of them too."""

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


def check_batch(batch_size: int, processes: int, stride: int = 1) -> None:
    """Raise ConfigError unless `batch_size` can be divided evenly among `processes`, and each part into every `stride`-th sample, at which
    the penalty looks."""
    unit = processes * stride
    if batch_size % unit == 0:
        return
    below, above = batch_size // unit * unit, -(-batch_size // unit) * unit
    fitting = f"{below} or {above}" if below else f"{above}"
    share = "" if stride == 1 else ", each of which has a penalty on a share of its samples (gp_share)"
    raise ConfigError(
        f"batch_size is the whole batch over all processes, and {batch_size} cannot be divided evenly among {processes} of them{share}: "
        f"use {fitting}."
    )


def own_device(device: torch.device, local_rank: int) -> None:
    """Assign the GPU with the number `local_rank` to this process, if `device` is CUDA. Raises ConfigError."""
    if device.type not in _BACKENDS:
        raise ConfigError(f"Several processes cannot train together on {device.type}: choose the device cpu, or start one process.")
    if device.type != "cuda":
        return
    there = torch.cuda.device_count()
    if local_rank >= there:
        raise ConfigError(f"Each process needs its own GPU, and this machine has {there}: start {there} here, or use --device cpu.")
    torch.cuda.set_device(local_rank)
