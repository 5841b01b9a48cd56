"""Data from which little can be learned: no instrument ends in a traceback, and what is undefined is said to be."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.small import SMALL
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.instruments.kit import Kit, lanes_for
from wgan_core.measures.diagnose import take_specimen
from wgan_core.measures.metrics import diversity
from wgan_core.store.readings import from_line, to_line
from wgan_core.training.trainer import Trainer

LABELS = torch.arange(40) % 2
CONSTANT = torch.full((40, 1, 8, 8), 7, dtype=torch.uint8)
PICTURE = torch.randint(0, 256, (1, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "data",
    [
        ImageDataset("x", CONSTANT),
        ImageDataset("x", PICTURE.expand(40, -1, -1, -1).contiguous()),
        ImageDataset("x", PICTURE.expand(40, -1, -1, -1).contiguous(), LABELS, ("a", "b")),
        ImageDataset("x", torch.cat([PICTURE, CONSTANT[:39]]), LABELS, ("a", "b")),
        ImageDataset("x", PICTURE.expand(2, -1, -1, -1).contiguous()),
    ],
    ids=["black", "one picture", "one picture in two classes", "one and many", "two copies"],
)
def test_every_instrument_looks_at_copies(data: Dataset, tmp_path: Path) -> None:
    config = SMALL.replace(batch_size=2, generator_norm="batch")
    trainer, kit = Trainer(config, data), Kit(config, data, tmp_path)
    trainer.train_step()
    first = take_specimen(trainer)
    for _ in range(2 * config.n_critic):
        trainer.train_step()
    for specimen in (first, take_specimen(trainer)):
        for lane in lanes_for(config, data):
            for instrument in lane.instruments:
                looks = (instrument.measure(kit, specimen) for _ in range(200))  # some work in parts
                found = next(look for look in looks if look is not None)
                assert all(from_line(to_line(reading)) is not None for reading in found.readings)
                if instrument.key == "truth" and len(data) > 3:
                    values = {one.key: one.value for one in found.readings}
                    assert values["sliced-w1"] is not None
                    assert values["diversity"] is None  # 20 of 40 were drawn, and these are equal


def test_diversity_against_equal_data_is_not_a_number() -> None:
    assert math.isnan(diversity(torch.randn(4, 1, 8, 8), torch.zeros(4, 1, 8, 8)))
