"""What augmentation does for few pictures: 200 digits of MNIST in a folder, trained on with and without, and judged by digits held out.

    python -m tests.few_pictures none translation --steps 1000 --seeds 3

MNIST must be here (WGAN_DATA_ROOT). The recipe is that of `own-pictures`, at 28 px. Of the 8,000 digits at hand, the
pictures and those that judge are chosen at random. Prints a line of JSON for each run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wgan_core import PRESETS, ImageDataset, TrainConfig, Trainer, load_dataset
from wgan_core.bench.quality import measuring_latents
from wgan_core.data.dataset import network_input
from wgan_core.figures.images import to_pil
from wgan_core.instruments.advice import Observations, advise
from wgan_core.measures.coverage import classifier_for, fd_cnn
from wgan_core.measures.diagnose import OverfitGap, overfit_gap, take_specimen
from wgan_core.measures.metrics import Yardstick

HELD_OUT, JUDGES = 1000, 2000
"""Pictures in the folder's part for testing, which are among those that the samples are compared with."""


class Digits:
    """MNIST's training digits. The first rows of `order`, a fixed permutation, are trained on, and the last ones judge."""

    def __init__(self) -> None:
        config = PRESETS["pytorch-gan"].replace(device="cpu")
        self.all = load_dataset(config)
        assert isinstance(self.all, ImageDataset) and self.all.labels is not None
        self.order = torch.randperm(len(self.all), generator=torch.Generator().manual_seed(5)).tolist()
        self.classifier = classifier_for(self.all, load_dataset(config, held_out=True))
        rows = self.order[-JUDGES:]
        self.yardstick = Yardstick(ImageDataset("mnist", self.all.data[rows], self.all.labels[rows], self.all.class_names), n=JUDGES // 2)

    def write(self, folder: Path, count: int) -> None:
        """Pictures into a folder to train on, and some of the judges into one to test on."""
        for part, rows in (("train", self.order[:count]), ("test", self.order[-JUDGES:][:HELD_OUT])):
            (folder / part).mkdir(parents=True)
            for row in rows:
                to_pil(self.all.data[row].permute(1, 2, 0).numpy()).save(folder / part / f"{row}.png")

    def judge(self, samples: Tensor) -> dict[str, Any]:
        """FD-CNN and sliced W1, each with what real digits have."""
        found: dict[str, Any] = {}
        for name, distance in (("fd_cnn", fd_cnn(self.classifier)), ("sliced_w1", self.yardstick.distances[0])):
            measured = self.yardstick.measure(distance, samples)
            found[name] = {"value": measured.value, "floor": measured.floor, "floor_sd": measured.floor_sd}
        return found


def gap_of(trainer: Trainer, config: TrainConfig) -> OverfitGap:
    """As the instruments read it: training pictures against held-out ones."""
    parts = [network_input(load_dataset(config, held_out=held_out).data) for held_out in (False, True)]
    return overfit_gap(take_specimen(trainer), *(part[torch.randperm(len(part))[:1024]] for part in parts))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.few_pictures", description=__doc__)
    parser.add_argument("augment", nargs="+", help="augmentations to compare")
    for flag, default in (("pictures", 200), ("steps", 1000), ("seeds", 3)):
        parser.add_argument(f"--{flag}", type=int, default=default, metavar="N", help=f"(default {default})")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    digits = Digits()
    with tempfile.TemporaryDirectory() as folder:
        digits.write(Path(folder), options.pictures)
        for seed in range(options.seeds):
            for augment in options.augment:
                recipe = {"data_root": folder, "image_size": 28, "max_steps": options.steps, "augment": augment, "seed": seed}
                config = PRESETS["own-pictures"].replace(device="cpu", threads=1, **recipe)
                trainer = Trainer(config, load_dataset(config))
                for _ in range(options.steps):
                    trainer.train_step()
                gap = gap_of(trainer, config)
                advice = [one.key for one in advise(Observations(config=config, step=trainer.step, overfit=gap))]
                found = digits.judge(trainer.sample(measuring_latents(config.latent_dim), averaged=True))
                found |= {"by_heart": gap.share, "noise": gap.noise, "advice": advice}
                print(json.dumps({"augment": augment, "seed": seed} | found), flush=True)


if __name__ == "__main__":
    main()
