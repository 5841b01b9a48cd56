"""What is said of the device before a run begins."""

from __future__ import annotations

import pytest
import torch

from wgan_core.config import ConfigError, TrainConfig
from wgan_core.forecast import device_check
from wgan_core.forecast.device_check import check_device


def on(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_check, "resolve_device", lambda name: torch.device(kind))


def test_tf32_on_a_cpu_is_float32_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    (advice,) = check_device(TrainConfig(precision="tf32", device="cpu"))
    assert advice.text == "Precision tf32 is for NVIDIA GPUs. On this device the run computes in float32."
    assert (advice.level, advice.setting, advice.value) == ("note", "precision", "float32")
    assert check_device(TrainConfig(precision="bfloat16", device="cpu")) == ()
    on("cuda", monkeypatch)
    assert check_device(TrainConfig(precision="tf32")) == ()


def test_convolutions_on_a_gpu_are_offered_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig(architecture="dcgan")
    assert check_device(config.replace(device="cpu")) == ()
    on("cuda", monkeypatch)
    assert [one.key for one in check_device(config)] == ["tf32-is-faster"]
    assert check_device(config.replace(precision="tf32")) == () == check_device(config.replace(architecture="mlp"))


def test_several_processes_on_gpus_are_told_what_they_go_without(monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig()
    on("cuda", monkeypatch)
    assert check_device(config) == ()
    assert check_device(config, 2)[0].text.startswith("2 processes launch each computation by itself")
    on("cpu", monkeypatch)
    assert check_device(config, 2) == ()


def test_of_a_device_that_is_not_there_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> torch.device:
        raise ConfigError("device is cuda, but PyTorch finds no CUDA GPU here.")

    monkeypatch.setattr(device_check, "resolve_device", missing)
    assert check_device(TrainConfig(precision="tf32", device="cuda"), 2) == ()
