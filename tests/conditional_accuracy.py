"""How often a run that is told classes makes the class that was asked for, according to a classifier that is not this project's: a support
vector machine of scikit-learn, trained on real images. Beside it: how often that is right on real images which it has not seen.

    python -m tests.conditional_accuracy quick-start --steps 20000
    python -m tests.conditional_accuracy pytorch-gan-gp --dataset fashion-mnist --steps 2000

Prints a line of JSON for each seed, with the share of right answers by class.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.svm import SVC
from torch import Tensor

from wgan_core import PRESETS, Dataset, TrainConfig, Trainer, load_dataset
from wgan_core.data.load import may_hold_out
from wgan_core.measures.metrics import as_measured
from wgan_core.training.classes import one_hot

EACH = 200
"""Generated images of each class."""


class Referee:
    """Trained on the training images and tested on the held-out ones; without these, on one half of the images and the other."""

    def __init__(self, config: TrainConfig, data: Dataset) -> None:
        assert data.labels is not None
        rows = torch.randperm(len(data), generator=torch.Generator().manual_seed(3))
        half = len(rows) // 2
        known, new = (data.data[rows[:half]], data.labels[rows[:half]]), (data.data[rows[half:]], data.labels[rows[half:]])
        if may_hold_out(config):
            held_out = load_dataset(config, held_out=True)
            assert held_out.labels is not None
            known, new = (data.data, data.labels), (held_out.data, held_out.labels)
        self._machine = SVC(C=10.0, gamma="scale").fit(_pixels(known[0]), known[1].numpy())
        self.on_real = self.right(*new)

    def right(self, images: Tensor, labels: Tensor) -> list[float]:
        """The share of right answers by class."""
        found, asked = self._machine.predict(_pixels(images)), labels.numpy()
        return [float((found[asked == number] == number).mean()) for number in np.unique(asked)]


def _pixels(images: Tensor) -> NDArray[np.float32]:
    return as_measured(images).flatten(1).numpy()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conditional_accuracy", description=__doc__)
    parser.add_argument("preset")
    parser.add_argument("--dataset", choices=("digits", "fashion-mnist", "mnist"), help="in place of the preset's; at 32 px")
    parser.add_argument("--steps", type=int, default=2000, metavar="N")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    start = PRESETS[options.preset].replace(device="cpu", threads=1, labels="conditional")
    if options.dataset is not None:
        start = start.replace(dataset=options.dataset, image_size=32)
    data = load_dataset(start)
    referee, classes = Referee(start, data), len(data.class_names)
    asked = torch.arange(classes).repeat_interleave(EACH)
    z = torch.randn(len(asked), start.latent_dim, generator=torch.Generator().manual_seed(99))
    for seed in range(options.seeds):
        trainer = Trainer(start.replace(seed=seed), data)
        for _ in range(options.steps):
            trainer.train_step()
        made = trainer.sample(z, one_hot(asked, classes), averaged=trainer.averaged_generator is not None)
        shares = {"right": referee.right(made, asked), "real": referee.on_real}
        means = {f"mean_{name}": float(np.mean(found)) for name, found in shares.items()}
        print(json.dumps({"seed": seed, "names": data.class_names} | means | shares), flush=True)


if __name__ == "__main__":
    main()
