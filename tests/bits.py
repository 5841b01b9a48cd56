"""One digest for each preset of the weights after some steps: equal before and after a change, the change left the same bits.

    python -m tests.bits > before.txt        # on the commit before
    python -m tests.bits | diff before.txt -

Data sets that come by download are replaced by random images, so that the digests do not depend on what lies on
this machine. Digests of two machines, or of two versions of PyTorch, may differ.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence

import torch

from wgan_core import PRESETS, Dataset, ImageDataset, TrainConfig, Trainer, load_dataset
from wgan_core.data.catalog import DATASETS

STEPS = 120
"""The presets whose critic warms up update the generator after 100."""
WIDEST, CHANNELS, BATCH = 64, 8, 16


def smaller(config: TrainConfig) -> TrainConfig:
    """The same recipe with narrow networks and small batches: seconds instead of minutes."""
    return config.replace(
        generator_widths=tuple(min(width, WIDEST) for width in config.generator_widths),
        critic_widths=tuple(min(width, WIDEST) for width in config.critic_widths),
        dcgan_width=CHANNELS,
        resnet_width=CHANNELS,
        batch_size=BATCH,
    )


def data_for(config: TrainConfig) -> Dataset:
    """The data set, where it is here for sure; else 256 random images of its shape, in colour in place of somebody's own."""
    info, own = DATASETS[config.dataset], config.dataset == "image-folder"
    if not info.needs_download and not own:
        return load_dataset(config)
    shape = (256, 3 if own else info.channels, config.image_size, config.image_size)
    return ImageDataset("random", torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0)))


def digest(config: TrainConfig, steps: int) -> str:
    """After so many steps."""
    torch.set_num_threads(1)
    trainer = Trainer(config.replace(device="cpu"), data_for(config))
    for _ in range(steps):
        trainer.train_step()
    return digest_of(trainer)


def digest_of(trainer: Trainer) -> str:
    """Of the names and bits of all that the trained generator and critic hold."""
    found = hashlib.blake2b(digest_size=8)
    state = trainer.state_dict()
    for part in ("generator", "critic"):
        for name, tensor in state[part].items():
            found.update(f"{part}.{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def main(argv: Sequence[str] | None = None) -> None:
    """Print a line for each preset."""
    parser = argparse.ArgumentParser(prog="python -m tests.bits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", metavar="PRESET", help="of these only")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"critic updates (default {STEPS})")
    parser.add_argument("--full", action="store_true", help="with the presets' own widths and batch sizes; ten minutes on one core")
    options = parser.parse_args(argv)
    for name in options.presets or PRESETS:
        if name not in PRESETS:
            parser.error(f"there is no preset {name!r}")
        config = PRESETS[name] if options.full else smaller(PRESETS[name])
        print(f"{digest(config, options.steps)}  {name}", flush=True)


if __name__ == "__main__":
    main()
