"""The use of a GPU, without one: the driver's library and PyTorch's questions are played."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from wgan_core.training import gpu_use as module
from wgan_core.training.gpu_use import GpuUse, gpu_use

GIB = 2**30


class Nvml:
    """The management library: knows one GPU, which is busy for 45 % of the time."""

    def __init__(self, uuid: bytes = b"GPU-1234", works: bool = True) -> None:
        self.uuid, self.works, self.open = uuid, works, 0

    def nvmlInit_v2(self) -> int:
        self.open += 1
        return 0

    def nvmlShutdown(self) -> int:
        self.open -= 1
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: Any) -> int:
        return 0 if uuid == self.uuid else 6

    def nvmlDeviceGetUtilizationRates(self, handle: Any, use: Any) -> int:
        ctypes.cast(use, ctypes.POINTER(ctypes.c_uint))[0] = 45
        return 0 if self.works else 3


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (60 * GIB, 80 * GIB))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="1234"))
    return torch.device("cuda")


def test_other_devices_have_no_use() -> None:
    assert gpu_use(torch.device("cpu")) is None


@pytest.mark.parametrize(("nvml", "busy"), [(Nvml(), 0.45), (Nvml(uuid=b"GPU-5"), None), (Nvml(works=False), None)])
def test_memory_and_how_busy_the_gpu_is(gpu: torch.device, nvml: Nvml, busy: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: nvml)
    assert gpu_use(gpu) == GpuUse(20 * GIB, 80 * GIB, busy)
    assert nvml.open == 0


def test_a_driver_without_the_library_tells_the_memory(gpu: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(module.ctypes, "CDLL", absent)
    assert gpu_use(gpu) == GpuUse(20 * GIB, 80 * GIB, None)
