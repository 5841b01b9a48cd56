"""How much of a GPU's memory is taken, and how busy the GPU is."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class GpuUse:
    """The state of a whole GPU, with everything that runs on it."""

    taken_bytes: int
    total_bytes: int
    busy: float | None
    """The share of the last moment in which the GPU computed, from 0 to 1; None if the driver does not tell."""


def gpu_use(device: torch.device) -> GpuUse | None:
    """The use of a CUDA GPU; None for any other device."""
    if device.type != "cuda":
        return None
    free, total = torch.cuda.mem_get_info(device)
    return GpuUse(total - free, total, _busy(f"GPU-{torch.cuda.get_device_properties(device).uuid}"))


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


def _busy(uuid: str) -> float | None:
    """The share that NVIDIA's management library (NVML), a part of the driver, tells for the GPU with that id."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return None
    return _asked(nvml, uuid)


def _asked(nvml: Any, uuid: str) -> float | None:
    handle, use = ctypes.c_void_p(), _Utilization()
    if nvml.nvmlInit_v2():  # each call returns 0 if it worked
        return None
    try:
        if nvml.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(handle)):
            return None
        return None if nvml.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(use)) else use.gpu / 100
    finally:
        nvml.nvmlShutdown()
