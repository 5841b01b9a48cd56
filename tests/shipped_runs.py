"""Makes the runs that come with the project, with a past to scrub through:

    WGAN_DATA_ROOT=... python -m tests.shipped_runs walkthrough-mnist OUT

trains the recipe of `checkpoints/walkthrough-mnist` again, about half an hour on one core, and writes the run into the folder OUT: curves,
readings, the grid at about 160 moments, histograms, and the networks of three steps in a quarter of their space. On another version of
PyTorch the weights differ: it rounds differently, and training amplifies that.
"""

from __future__ import annotations

import argparse
import queue
import time
from collections.abc import Sequence
from pathlib import Path

from tests.project import PROJECT
from wgan_core.figures import images
from wgan_core.figures.images import Pixels
from wgan_core.runs.launch import new_loop
from wgan_core.store.folder import RunFolder
from wgan_core.timeline.fixed import as_pixels, fixed_real, fixed_samples
from wgan_core.timeline.half import quartered
from wgan_core.timeline.histograms import take_histograms, to_line
from wgan_core.timeline.thinning import is_landmark, is_mark
from wgan_core.training.trainer import Trainer

LIGHT = (400, 3200)
"""Steps whose networks are kept besides the last. Few, for both runs together are to take less than 20 MB."""
QUALITY = 75
"""Of the pictures, for the same reason."""
EVERY = 1024
"""Critic updates between two moments, besides the landmarks."""


def is_kept(step: int) -> bool:
    """Whether the grid of `step` is kept."""
    return step % EVERY == 0 or is_landmark(step)


def keep(trainer: Trainer, pixels: Pixels, shipped: RunFolder) -> None:
    """Keep what belongs to the trainer's step in the folder to be shipped. pixels: the samples of the fixed latents."""
    step = trainer.step
    if is_kept(step):
        shipped.past.write_picture(step, images.webp_still(images.tile(pixels), QUALITY))
    if step % (4 * EVERY) == 0 or is_mark(step, per_doubling=1):
        found = take_histograms(trainer, fixed_samples(trainer), fixed_real(trainer))
        assert found is not None
        shipped.past.append_histograms(to_line(found))
    if step not in (*LIGHT, trainer.config.max_steps):
        return
    state = {part: quartered(network.state_dict()) for part, network in (("generator", trainer.generator), ("critic", trainer.critic))}
    if step in LIGHT:
        shipped.past.write_light(step, state)
    else:
        shipped.write_step(step, state)
        shipped.write_sample(step, images.png(images.tile(pixels)))


def begin(name: str, out: Path) -> RunFolder:
    """The folder to be shipped, with the settings and the data of the run that is shipped now."""
    now = RunFolder.open(PROJECT / "checkpoints" / name)
    return RunFolder.create(out, now.config, run_id=name, dataset=now.meta["dataset"], note=str(now.meta["note"]))


def finish(trained: RunFolder, shipped: RunFolder) -> None:
    """Take over what the training has recorded."""
    shipped.append_metrics(trained.read_metrics())
    shipped.append_readings(trained.readings())
    for entry in trained.ledger():
        if entry["what"] == "status":
            shipped.append_ledger(entry["step"], "status", status=entry["status"])


def main(argv: Sequence[str] | None = None) -> None:
    """Train, and write."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.shipped_runs", description=__doc__, formatter_class=form)
    parser.add_argument("name", choices=("walkthrough-fashion-mnist", "walkthrough-mnist"))
    parser.add_argument("out", type=Path, help="a folder that does not exist")
    options = parser.parse_args(argv)
    shipped = begin(options.name, options.out)
    here = shipped.config.replace(device="cpu", threads=1, history_budget=0)
    # Seconds of the processor, so that the curves do not tell how busy this machine was.
    trained = options.out.with_name(f"{options.out.name}-trained")
    loop = new_loop(here, trained, queue.SimpleQueue(), clock=time.thread_time, wants_pictures=lambda: False)
    kept = -1
    while True:
        trainer = loop.trainer
        if trainer.step != kept and (is_kept(trainer.step) or trainer.step in (*LIGHT, here.max_steps)):
            keep(trainer, as_pixels(fixed_samples(trainer)), shipped)
        kept = trainer.step
        if not loop.tick():
            break
    loop.recorder.folder.release()
    finish(loop.recorder.folder, shipped)


if __name__ == "__main__":
    main()
