"""What is found in data and settings before a run starts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.forecast.input_check import check_data, check_own_data, duration, predicted_cost
from wgan_core.training.trainer import Trainer
from wgan_core.training.warmup import generator_updates_within


def images(n: int = 1000, channels: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, (n, channels, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def found(data: torch.Tensor) -> dict[str, tuple[str, float]]:
    advice = check_data(Dataset("x", data))
    assert all(
        one.setting in SETTINGS and one.text.endswith(".") and (f"{one.number:.2g}" in one.text or f"{one.number:g}" in one.text)
        for one in advice
    )
    return {one.key: (one.level, one.number) for one in advice}


def test_good_data_pass() -> None:
    assert found(images()) == {}
    assert check_data(load_dataset(TrainConfig(dataset="digits", image_size=16))) == ()
    for name in toy.DISTRIBUTIONS:
        assert found(torch.from_numpy(toy.draw(name, 5000, 0))) == {}, name


@pytest.mark.parametrize(
    ("low", "high", "hint"), [(0, 1, "multiply them by 255"), (0, 63, "Stretch their contrast"), (120, 183, "Stretch")]
)
def test_a_narrow_range(low: int, high: int, hint: str) -> None:
    data = images() % (high - low + 1) + low
    (advice,) = (one for one in check_data(Dataset("x", data)) if one.key == "narrow-range")
    assert (advice.level, advice.number) == ("warning", high - low)
    assert f"only range from {low} to {high}, out of 0 to 255" in advice.text and hint in advice.text
    assert "narrow-range" not in found(images() % (high - low + 2) + low if high - low == 63 else images())


@pytest.mark.parametrize("channels", [1, 3])
def test_constant_images(channels: int) -> None:
    data = images(channels=channels)
    data[3] = torch.tensor([200, 10, 60][:channels], dtype=torch.uint8).view(-1, 1, 1)
    data[4] = 0
    assert found(data) == {"constant-images": ("note", 2)}
    for row in range(11):
        data[row] = row
    assert found(data) == {"constant-images": ("warning", 11)}


@pytest.mark.parametrize(("n", "level"), [(999, "note"), (100, "note"), (99, "warning")])
def test_too_few(n: int, level: str) -> None:
    assert found(images(n)) == {"few-samples": (level, n)}
    assert found(torch.randn(n, 2, generator=torch.Generator().manual_seed(0))) == {"few-samples": (level, n)}


@pytest.mark.parametrize(("copies", "level"), [(10, None), (11, "note"), (100, "note"), (101, "warning")])
def test_duplicates(copies: int, level: str | None) -> None:
    data = images()
    data[500 : 500 + copies] = data[:copies]
    assert found(data) == ({} if level is None else {"duplicates": (level, copies)})


def test_points_that_are_not_finite_or_out_of_scale() -> None:
    points = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    assert found(points) == {}
    for factor, spread in ((1000.0, 1000), (0.01, 0.01)):
        assert found(points * factor) == {"scale": ("warning", pytest.approx(spread, rel=0.1))}
    broken = points.clone()
    broken[5, 1], broken[9, 0] = torch.nan, torch.inf
    assert found(broken) == {"not-finite": ("warning", 2)}


def test_the_cost_of_a_generator_update() -> None:
    cost = predicted_cost(TrainConfig(n_critic=25, max_steps=187_600), 116.0)
    assert cost.seconds_per_generator_update == pytest.approx(25 / 116)
    assert cost.generator_updates == 7504
    assert cost.seconds == pytest.approx(187_600 / 116)
    assert cost.text == "216 ms per generator update; 7,504 of them in 27 min"
    with pytest.raises(ValueError, match="speed must be above 0"):
        predicted_cost(TrainConfig(), 0.0)


@pytest.mark.slow
def test_generator_updates_are_counted_as_training_does(config: TrainConfig) -> None:
    data = Dataset("points", torch.randn(16, 2, generator=torch.Generator().manual_seed(0)))
    tiny = config.replace(generator_widths=(1,), critic_widths=(1,), batch_size=2, latent_dim=1, generator_norm="none", n_critic=2)
    for warmup in ("none", "original"):
        trainer = Trainer(tiny.replace(critic_warmup=warmup), data)
        for _ in range(3600):
            trainer.train_step()
            if trainer.step % 37 == 0 or trainer.step in (99, 100, 2499, 2500, 2501, 3449, 3450, 3451, 3549, 3550, 3551, 3552):
                assert generator_updates_within(trainer.config.replace(max_steps=trainer.step)) == trainer.generator_updates, trainer.step


@pytest.mark.parametrize("n_critic", [1, 5, 120])
def test_generator_updates_of_long_runs(n_critic: int) -> None:
    """Counted one by one, with the rule as `Trainer.critic_updates_wanted` has it."""
    config = TrainConfig(n_critic=n_critic, critic_warmup="original")
    steps = updates = 0
    while updates < 2100:
        wanted = 100 if updates < 25 or updates % 500 == 0 else n_critic
        assert generator_updates_within(config.replace(max_steps=steps + wanted - 1)) == updates
        steps, updates = steps + wanted, updates + 1
        assert generator_updates_within(config.replace(max_steps=steps)) == updates


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0.4 ms"),
        (0.04, "40 ms"),
        (2.54, "2.5 s"),
        (89, "89 s"),
        (90, "1.5 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (4e6, "1,111 h"),
    ],
)
def test_times_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_single_image_gets_no_advice(tmp_path: Path, config: TrainConfig) -> None:
    """It cannot be trained on, and that is all there is to say."""
    Image.new("L", (9, 9), 5).save(tmp_path / "a.png")
    assert check_own_data(config.replace(dataset="image-folder", data_root=str(tmp_path))) == ()


def test_files_that_are_no_images_do_not_count(tmp_path: Path, config: TrainConfig) -> None:
    for index in range(200):
        Image.new("L", (9, 9), index).save(tmp_path / f"{index:03}.png")
    for name in ("100a.png", "100b.png"):  # one is looked at closely, the other only opened
        (tmp_path / name).write_text("not an image")
    found = check_own_data(config.replace(dataset="image-folder", data_root=str(tmp_path)))
    assert any(advice.text.startswith("There are 200 samples;") for advice in found)
