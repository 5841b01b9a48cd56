"""The laboratory's settings, experiments and drawings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.counting import drawing_to_text
from tests.lab_setup import SMALL
from wgan_core.config import ConfigError
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.lab import drawing
from wgan_core.lab.laboratory import Laboratory, enough
from wgan_core.lab.setup import EXPERIMENTS, check, twin_of


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_begun(name: str) -> None:
    chosen = EXPERIMENTS[name]
    configs = (check(chosen.config),) if chosen.twin is None else (check(chosen.config), twin_of(chosen.config, chosen.twin))
    one = Laboratory(configs)
    one.critic_step()
    one.generator_step()
    assert len(one.frames()) == len(configs) and not one.notice


def test_what_cannot_be_watched_is_refused() -> None:
    with pytest.raises(ConfigError, match="for points in the plane, not for mnist"):
        check(SMALL.replace(dataset="mnist"))
    with pytest.raises(ConfigError, match="Critic hidden widths: at most 512 units"):
        check(SMALL.replace(critic_widths=(64, 513)))
    with pytest.raises(ConfigError, match="critic_lr"):
        twin_of(SMALL, {"critic_lr": -1})
    assert twin_of(SMALL, {"clip_value": 0.3, "n_critic": 7, "seed": 5}) == SMALL.replace(clip_value=0.3)


def test_few_points_are_repeated_as_a_whole() -> None:
    data = Dataset("csv", torch.arange(10.0).view(5, 2))
    more = enough(data, 12)
    assert len(more) == 15 and torch.equal(more.data[10:], data.data)
    assert enough(data, 5) is data


def test_drawings_travel_as_text() -> None:
    points = np.array([[-2.5, 2.5], [0.0, -1.0], [0.7, 0.31]], np.float32)
    text = drawing_to_text(points)
    assert len(text) == 8 and set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert drawing.from_text(text) == pytest.approx(points, abs=2.5 / 255 + 1e-6)
    assert drawing_to_text(drawing.from_text(text)) == text
    assert drawing.to_csv(points).decode().splitlines() == ["x,y", "-2.5000,2.5000", "0.0000,-1.0000", "0.7000,0.3100"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ab c", "cut off or changed"),
        ("äö", "cut off or changed"),
        ("AAAA", "cut off or changed"),  # three bytes
        ("", "from 2 to 500 points, not 0"),
        ("AAA", "from 2 to 500 points, not 1"),
        (drawing_to_text(np.zeros((501, 2), np.float32)), "from 2 to 500 points, not 501"),
        (drawing_to_text(np.ones((9, 2), np.float32)), "All points of this drawing are the same"),
    ],
)
def test_text_that_is_no_drawing(text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        drawing.from_text(text)
