"""Kill a training at random moments, go on, and compare with the same training left alone: `python -m tests.kills --count 100`.

The command line trains a small run, is killed (SIGKILL, with no chance to save), is resumed, killed again, and so on until it ends. Its
last weights and its rows then have to be those of a run that was never killed.

    python -m tests.kills --count 1000                 # kills in all, at any moment
    python -m tests.kills --count 200 --while-saving   # only while a step is being written

Each training is a process of its own. It is forked from one that has imported what it takes and done nothing else, so that a kill
costs what the training costs and not seconds of imports.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from wgan_core.store.files import entries
from wgan_core.store.folder import RunFolder, StoreError

CONFIG = {
    "dataset": "digits", "image-size": 8, "latent-dim": 8, "generator-widths": "32,64", "critic-widths": "64", "batch-size": 32,
    "n-critic": 3, "device": "cpu", "threads": 1, "save-every": 1, "instruments-budget": 0, "seed": 3,
}  # fmt: skip
FLAGS = [word for name, value in CONFIG.items() for word in (f"--{name}", str(value))]
PRELOADED = ["torch", "torch._dynamo", "safetensors.torch", "sklearn.datasets", "PIL.PngImagePlugin", "wgan_core.cli.main",
             "wgan_core.cli.train", "wgan_core.runs.launch"]  # fmt: skip
MOMENTS = 1.0
"""Seconds after its start within which a training is killed, on a quiet machine. Reading the data and saving step 0 takes a quarter of
that."""


def command(path: Path, steps: int) -> list[str]:
    """The words of the command line that begins the run at `path`, or continues it if a step of it was saved."""
    try:
        begun = bool(RunFolder.open(path).steps())
    except StoreError:
        begun = False
    return ["train", "--resume", str(path)] if begun else ["train", *FLAGS, "--max-steps", str(steps), "--out", str(path)]


def _command_line(words: list[str], said: Path) -> None:
    """The command line, in a process of its own, with what it prints in the file `said`."""
    from wgan_core.cli.main import main as command_line

    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.exit(command_line(words))


def train(path: Path, steps: int) -> BaseProcess:
    """The command line, training the run at `path`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)  # without effect once it runs
    process = context.Process(target=_command_line, args=(command(path, steps), said_by(path)))
    process.start()
    return process


def said_by(path: Path) -> Path:
    """The file with what the training of the run at `path` printed last."""
    return path.with_name(f"{path.name}.txt")


def unfinished(path: Path) -> set[str]:
    """The steps that are being written, or were when the training was killed: they do not have their names yet."""
    return {entry.name for entry in entries(path / "steps") if entry.name.startswith(".")}


def kill(process: BaseProcess, path: Path, rng: random.Random, within: float | None) -> bool:
    """Kill the training at a random moment within so many seconds; None: while it saves. False if it ended before that."""
    moment, before = time.monotonic() + rng.uniform(0.0, within or 0.0), unfinished(path)
    while process.is_alive():
        if unfinished(path) - before if within is None else time.monotonic() > moment:
            process.kill()
            process.join()
            return True
        time.sleep(0.0005)
    return False


def trial(path: Path, rng: random.Random, within: float | None, most: int, steps: int) -> int:
    """Train the run at `path` to its end, killing it on the way. Returns the number of kills. Raises RuntimeError if it fails otherwise."""
    kills = 0
    while True:
        process = train(path, steps)
        if kills < most and kill(process, path, rng, within):
            kills += 1
            if path.exists() and any(path.iterdir()):
                check_listed(path)
            continue
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"exit status {process.exitcode} after {kills} kills: {said_by(path).read_text(errors='replace')[-500:]}")
        return kills


def check_listed(path: Path) -> None:
    """What a killed run leaves behind can be opened, and each of its saved steps can be read in full."""
    try:
        folder = RunFolder.open(path)
    except StoreError as error:
        if (path / "config.json").exists():
            raise RuntimeError(f"the folder cannot be opened: {error}") from None
        return
    for step in folder.steps():
        folder.read_step(step)


def differences(path: Path, whole: Path, steps: int) -> list[str]:
    """In what the run differs from the one that was left alone."""
    ours, theirs = RunFolder.open(path), RunFolder.open(whole)
    found: list[str] = []
    for part, tensors in theirs.read_step(steps).items():
        mine = ours.read_part(steps, part)
        found += [f"{part}.{name}" for name, tensor in tensors.items() if not torch.equal(tensor, mine[name])]
    rows = [one.read_metrics()[:, [0, 1, 3]] for one in (ours, theirs)]
    if rows[0].shape != rows[1].shape or abs(rows[0] - rows[1]).max() > 1e-6:
        found.append(f"metrics.csv ({len(rows[0])} rows, {len(rows[1])} expected)")
    return [*found, *(f"left over: {name}" for name in unfinished(path))]


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 if a trial ended otherwise than the run that was left alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=20, metavar="N", help="kills in all (default 20)")
    parser.add_argument("--each", type=int, default=20, metavar="N", help="kills of one training at most (default 20)")
    parser.add_argument("--steps", type=int, default=6000, metavar="N", help="length of the training (default 6000)")
    parser.add_argument("--while-saving", action="store_true", help="only while a step is being written")
    parser.add_argument("--within", type=float, default=MOMENTS, metavar="S", help="of its start, a training is killed (default 1 s)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    within = None if options.while_saving else options.within
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported where the trainings are forked from
    rng, kills, trials, bad = random.Random(options.seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        alone = train(whole, options.steps)
        alone.join()
        if alone.exitcode != 0:
            raise SystemExit("The run that is left alone did not end.")
        while kills < options.count:
            path = Path(folder) / f"trial-{trials}"
            trials += 1
            try:
                kills += trial(path, rng, within, options.each, options.steps)
                found = differences(path, whole, options.steps)
            except (RuntimeError, StoreError) as error:
                found = [str(error)]
            if found:
                bad += 1
                print(f"trial {trials}: {'; '.join(found)}", flush=True)
            shutil.rmtree(path, ignore_errors=True)
    print(f"{kills} kills in {trials} trials, {trials - bad} of which ended equal bit for bit.")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
