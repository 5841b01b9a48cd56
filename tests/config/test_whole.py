"""Whole numbers in text of strangers: `int` raises for more than 4,300 digits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.small import SMALL
from wgan_core.cli.called import counting_number
from wgan_core.config import TrainConfig
from wgan_core.config.whole import MOST, whole_number
from wgan_core.data.classes import Classes
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.runs.best import _from
from wgan_core.store.folder import StoreError
from wgan_core.timeline.film import latents_from
from wgan_core.training.flat import FlatParameters
from wgan_core.training.state import StateMismatch, optimizer_from_tensors

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), (str(MOST), MOST), (str(MOST + 1), None), (LONG, None), ("", None), ("-1", None), ("1_0", None), ("٣", None),
     ("²", None), (" 1", None), ("1.0", None)],
)  # fmt: skip
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number
    assert whole_number(text, 6) is None or number == 0


def test_labels_of_many_digits_are_names(tmp_path: Path) -> None:
    for number in range(4):
        Image.fromarray(np.full((8, 8), 60 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(f"{number}.png,{LONG if number % 2 else 1}\n" for number in range(4)))
    dataset = load_dataset(SMALL.replace(dataset="image-folder", data_root=str(tmp_path)))
    assert dataset.labels is not None and dataset.labels.tolist() == [0, 1, 0, 1] and dataset.class_names[0] == "1"


def test_a_first_column_of_many_digits_is_no_index(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    config = TrainConfig(dataset="csv", data_root=str(file))
    file.write_text(",x,y\n" + "".join(f"{number},{number},{number**2}\n" for number in (3, 4, 5)))
    assert load_dataset(config).data.shape == (3, 2)
    file.write_text(f",x,y\n{LONG},1,2\n{LONG},3,4\n")
    assert load_dataset(config).data.shape == (2, 2)  # they are names of the rows
    file.write_text(f"{LONG},1,2\n{LONG},3,4\n")
    with pytest.raises(DataError, match="has 3 columns"):
        load_dataset(config)


def test_whatever_else_is_read_as_a_number_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^There is no class '9{40}': choose one of a, b\.$"):
        Classes(("a", "b"), (1, 2)).find(LONG)
    with pytest.raises(StoreError, match=r"is neither a seed nor a file with latents"):
        latents_from(LONG, 4)
    with pytest.raises(argparse.ArgumentTypeError, match="must be a whole number from 1"):
        counting_number(LONG)
    flat, tensors = FlatParameters(torch.nn.Linear(2, 1)), {f"critic.{LONG}.step": torch.ones(())}
    optimizer: Any = None  # which is not looked at any more
    with pytest.raises(StateMismatch, match="does not belong here"):
        optimizer_from_tensors(optimizer, flat, "critic", tensors)


@pytest.mark.parametrize("details", [{"measure": [], "value": 1, "band": 1}, {"measure": "fd-cnn", "value": "1", "band": 1}, {}])
def test_a_best_step_of_a_strangers_ledger_that_makes_no_sense_is_none(details: dict[str, object]) -> None:
    assert _from(1, details) is None
