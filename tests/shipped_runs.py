"""Makes the runs that come with the project, with a past to scrub through:

    WGAN_DATA_ROOT=... python -m tests.shipped_runs walkthrough-mnist OUT

trains the recipe of `checkpoints/walkthrough-mnist` again, about half an hour on one core, and writes the run into the folder OUT: curves,
readings, grids at many moments, histograms, and the networks of a few steps in less space than they need for going on. The names showcase-…
train the preset showcase. On another version of PyTorch the weights differ: it rounds differently, and training amplifies that.
"""

from __future__ import annotations

import argparse
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.project import PROJECT
from wgan_core.config import PRESETS, TrainConfig
from wgan_core.figures import images
from wgan_core.runs.launch import new_loop
from wgan_core.store.folder import RunFolder
from wgan_core.timeline.fixed import as_pixels, fixed_real, fixed_samples
from wgan_core.timeline.half import halved, quartered
from wgan_core.timeline.histograms import take_histograms, to_line
from wgan_core.timeline.thinning import is_landmark, is_mark
from wgan_core.training.trainer import Trainer

QUALITY = 75
"""Of the pictures: all runs together are to take less than 30 MB."""


@dataclass(frozen=True)
class Shipping:
    """What is kept of a run. Little, for all runs together are to take less than 30 MB."""

    light: tuple[int, ...]
    """Steps whose networks are kept besides the last."""
    every: int
    """Critic updates between two moments, besides the landmarks."""
    packed: Callable[[Any], Any]
    """Makes a network smaller."""

    def keeps_moment(self, step: int) -> bool:
        """Whether the grid of `step` is kept."""
        return step % self.every == 0 or is_landmark(step)


LARGE = Shipping((400, 3200), 1024, quartered)
SMALL = Shipping((100, 400, 1600, 6400), 256, halved)
"""For convolutions of width 16, which take a twentieth of the walkthrough's networks."""


def recipe(name: str, steps: int | None) -> tuple[TrainConfig, str]:
    """The settings of the run `name`, and its note."""
    if name.startswith("showcase-"):
        config = PRESETS["showcase"].replace(dataset=name.removeprefix("showcase-"))
        return config if steps is None else config.replace(max_steps=steps), SHOWCASE_NOTES[name]
    now = RunFolder.open(PROJECT / "checkpoints" / name)
    return now.config, str(now.meta["note"])


SHOWCASE_NOTES = {
    "showcase-fashion-mnist": "The preset showcase on the first 8,000 training images of Fashion-MNIST",
    "showcase-mnist": "The preset showcase on 8,000 of the test images of MNIST",
}


def keep(trainer: Trainer, shipped: RunFolder, shipping: Shipping) -> None:
    """Keep what belongs to the trainer's step in the folder to be shipped."""
    step, last = trainer.step, trainer.step == trainer.config.max_steps
    for averaged in (False, True) if trainer.averaged_generator is not None else (False,):
        picture = images.tile(as_pixels(fixed_samples(trainer, averaged=averaged)))
        if shipping.keeps_moment(step):
            shipped.past.write_picture(step, images.webp_still(picture, QUALITY), averaged=averaged)
        if last:
            shipped.write_sample(step, images.png(picture), averaged=averaged)
    if step % (4 * shipping.every) == 0 or is_mark(step, per_doubling=1):
        found = take_histograms(trainer, fixed_samples(trainer), fixed_real(trainer))
        assert found is not None
        shipped.past.append_histograms(to_line(found))
    if step not in shipping.light and not last:
        return
    networks = {"generator": trainer.generator, "critic": trainer.critic, "averaged": trainer.averaged_generator}
    state = {part: shipping.packed(network.state_dict()) for part, network in networks.items() if network is not None}
    if last:
        shipped.write_step(step, state)
    else:
        shipped.past.write_light(step, state)


def finish(trained: RunFolder, shipped: RunFolder) -> None:
    """Take over what the training has recorded."""
    shipped.append_metrics(trained.read_metrics())
    shipped.append_readings(trained.readings())
    for entry in trained.ledger():
        if entry["what"] == "status":
            shipped.append_ledger(entry["step"], "status", status=entry["status"])


def make(name: str, out: Path, *, steps: int | None = None, threads: int = 1) -> None:
    """Train the run `name`, and write it into the folder `out`. steps: instead of those of a preset."""
    config, note = recipe(name, steps)
    shipping = SMALL if config.architecture == "dcgan" else LARGE
    here = config.replace(device="cpu", threads=threads, history_budget=0)
    # Seconds of the processor, so that the curves do not tell how busy this machine was; those of several threads do not add up to that.
    clock = time.thread_time if threads == 1 else time.perf_counter
    trained = out.with_name(f"{out.name}-trained")
    loop = new_loop(here, trained, queue.SimpleQueue(), clock=clock, wants_pictures=lambda: False)
    about = loop.recorder.folder.meta
    shipped = RunFolder.create(out, config, run_id=name, dataset=about["dataset"], note=note, device=str(about["device"]))
    kept = -1
    while True:
        trainer = loop.trainer
        if trainer.step != kept and (shipping.keeps_moment(trainer.step) or trainer.step in (*shipping.light, here.max_steps)):
            keep(trainer, shipped, shipping)
        kept = trainer.step
        if not loop.tick():
            break
    loop.recorder.folder.release()
    finish(loop.recorder.folder, shipped)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, and write."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.shipped_runs", description=__doc__, formatter_class=form)
    parser.add_argument("name", choices=("walkthrough-fashion-mnist", "walkthrough-mnist", *SHOWCASE_NOTES))
    parser.add_argument("out", type=Path, help="a folder that does not exist")
    parser.add_argument("--steps", type=int, help="of a showcase, instead of the preset's")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(argv)
    make(options.name, options.out, steps=options.steps, threads=options.threads)


if __name__ == "__main__":
    main()
