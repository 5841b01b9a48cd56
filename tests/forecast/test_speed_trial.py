"""The speed of a planned run, tried on noise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.waiting import Clock
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.forecast import speed_trial
from wgan_core.forecast.speed_trial import SpeedTrial, try_speed
from wgan_core.training.trainer import Trainer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A critic update takes 2 s, a generator update 10 s, and the first of each 100 s more."""
    clock = Clock(now=0.0)
    ascend, update_generator = Trainer.ascend, Trainer.update_generator
    first: set[str] = {"critic", "generator"}

    def pass_time(name: str, seconds: float) -> None:
        clock.now += seconds + (100 if name in first else 0)
        first.discard(name)

    def slow_ascend(self: Trainer) -> object:
        pass_time("critic", 2)
        return ascend(self)

    def slow_generator(self: Trainer) -> None:
        pass_time("generator", 10)
        update_generator(self)

    monkeypatch.setattr(Trainer, "ascend", slow_ascend)
    monkeypatch.setattr(Trainer, "update_generator", slow_generator)
    monkeypatch.setattr(speed_trial, "time", clock)
    return clock


@pytest.mark.parametrize(("n_critic", "seconds"), [(1, 60.0), (4, 60.0), (1000, 60.0), (1000, 0.0)])
def test_each_networks_updates_are_timed_without_the_first(n_critic: int, seconds: float, clock: Clock, config: TrainConfig) -> None:
    trial = try_speed(config.replace(n_critic=n_critic, critic_warmup="original"), seconds)
    assert trial == SpeedTrial(2.0, 10.0)
    assert clock.now <= 2 * 112 + seconds  # a large n_critic is not waited for


def test_a_lazy_penalty_counts_with_its_share_of_the_updates(clock: Clock, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    ascend = Trainer.ascend

    def with_penalty(self: Trainer) -> object:
        clock.now += 6 if self.step % 4 == 0 else 0
        return ascend(self)

    monkeypatch.setattr(Trainer, "ascend", with_penalty)
    lazy = config.replace(lipschitz="gradient-penalty", gp_every=4)
    for seconds in (0.0, 60.0):  # even if there is no time for four updates
        assert try_speed(lazy, seconds) == SpeedTrial(2.0 + 6 / 4, 10.0)


def test_a_cycle_is_n_critic_updates_and_one_of_the_generator() -> None:
    trial = SpeedTrial(2.0, 10.0)
    for n_critic in (1, 4, 25):
        assert trial.steps_per_second(n_critic) == pytest.approx(n_critic / (n_critic * 2.0 + 10.0))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_noise_has_the_shape_of_a_folders_images(mode: str, tmp_path: Path, config: TrainConfig) -> None:
    for index in range(3):
        Image.new(mode, (9, 9)).save(tmp_path / f"{index}.png")
    planned = config.replace(dataset="image-folder", data_root=str(tmp_path))
    assert speed_trial._noise(planned).data.shape[1:] == load_dataset(planned).data.shape[1:]


@pytest.mark.parametrize("name", ["digits", "8-gaussians"])
def test_noise_has_the_shape_and_kind_of_a_named_set(name: str, config: TrainConfig) -> None:
    planned = config.replace(dataset=name)
    noise, data = speed_trial._noise(planned), load_dataset(planned)
    assert (noise.kind, noise.data.shape[1:], noise.data.dtype) == (data.kind, data.data.shape[1:], data.data.dtype)


@pytest.mark.parametrize(
    "change",
    [{"architecture": "dcgan", "image_size": 32, "dataset": "cifar10"}, {"lipschitz": "gradient-penalty"}, {"dataset": "8-gaussians"}],
    ids=str,
)
def test_kinds_of_networks_are_tried(change: dict[str, object], config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Trainer] = []
    ascend = Trainer.ascend
    monkeypatch.setattr(Trainer, "ascend", lambda self: tried.append(self) or ascend(self))
    planned = config.replace(**change)
    trial = try_speed(planned, 0.0)
    assert trial.critic_update_seconds > 0 and trial.generator_update_seconds > 0
    assert len(tried) == 2 and tried[0].config == planned
    shape = {"8-gaussians": (2,), "cifar10": (3, 32, 32)}.get(planned.dataset, (1, 8, 8))
    assert tried[0].data.shape[1:] == shape


def test_the_number_of_cores_of_the_calling_thread_stays(config: TrainConfig) -> None:
    before = torch.get_num_threads()
    try_speed(config.replace(threads=before + 1), 0.0)
    assert torch.get_num_threads() == before


def test_what_cannot_be_tried_is_a_sentence(tmp_path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="There are no images that can be read"):
        try_speed(config.replace(dataset="image-folder", data_root=str(tmp_path)), 0.0)

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes.")

    monkeypatch.setattr(speed_trial, "Trainer", full)
    with pytest.raises(ConfigError, match="There is not enough memory: use a smaller batch size"):
        try_speed(config, 0.0)
