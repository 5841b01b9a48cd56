"""Make the pictures on the cards of the Train page: generated samples of each preset, from a run trained with exactly its settings.

    python -m tests.preset_pictures quick-start walkthrough       # without names: all of `STEPS`

On one thread of the CPU, with the preset's own seed. The data must be here (WGAN_DATA_ROOT). Presets that are not in `STEPS` take hours on
a CPU, or need CIFAR-10; their cards have no picture.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.drawn_scenes import write_scenes
from tests.project import PROJECT
from wgan_core import PRESETS, TrainConfig, Trainer, load_dataset
from wgan_core.data import toy
from wgan_core.figures import images
from wgan_core.latent.seeds import fixed_latents
from wgan_core.timeline.fixed import as_pixels, as_points

FOLDER = PROJECT / "pages" / "parts" / "train" / "presets"
STEPS = {
    "quick-start": 20_000,
    "walkthrough": 20_000,
    "pytorch-gan": 5_000,
    "wgan-toy": 3_000,
    "pytorch-gan-gp": 2_500,
    "gan": 3_000,
    "wgan-gp-toy": 2_000,
    "walkthrough-as-published": 10_600,
    "showcase": PRESETS["showcase"].max_steps,
    "own-pictures": PRESETS["own-pictures"].max_steps,
}
"""What takes a minute or two on one core that has nothing else to do; six and seven for the last two, whose rates fall to the end."""
SHOWN = 16
SIDE_PX = 132


def picture(trainer: Trainer, config: TrainConfig) -> images.Pixels:
    """The samples of the run's fixed latents, as a page shows them: the first 16 images as a square, or all points. Of the averaged
    generator, where there is one."""
    points, averaged = trainer.data.ndim == 2, trainer.averaged_generator is not None
    samples = trainer.sample(fixed_latents(config.seed, 512 if points else 64, config.latent_dim), averaged=averaged)
    if not points:
        return images.tile(as_pixels(samples[:SHOWN]))
    return images.scatter(as_points(samples), as_points(trainer.data[:512]), toy.view_limit(config.dataset), SIDE_PX)


def make(name: str, steps: int) -> None:
    """Train the preset for `steps`, and write its picture and what it shows."""
    config = PRESETS[name].replace(device="cpu", threads=1)
    with tempfile.TemporaryDirectory() as folder:
        if config.dataset == "image-folder":  # which has no pictures of its own
            write_scenes(Path(folder) / "scenes", 2000)
            config = config.replace(data_root=str(Path(folder) / "scenes"))
        trainer = Trainer(config, load_dataset(config))
    for _ in range(steps):
        trainer.train_step()
    FOLDER.mkdir(exist_ok=True)
    shown = images.to_pil(picture(trainer, config))
    if shown.mode == "RGB":
        shown = shown.quantize(256)  # a third of the bytes
    shown.save(FOLDER / f"{name}.png", optimize=True)
    list_of_all = FOLDER / "made.json"
    made = json.loads(list_of_all.read_text(encoding="utf-8")) if list_of_all.exists() else {}
    made[name] = {"step": steps, "seed": config.seed}
    list_of_all.write_text(json.dumps(dict(sorted(made.items())), indent=2) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *STEPS], default=[], help="presets")
    torch.set_num_threads(1)
    for name in parser.parse_args(argv).names or STEPS:
        make(name, STEPS[name])


if __name__ == "__main__":
    main()
