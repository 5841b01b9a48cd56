"""`python -m wgan_core train`: a run in the terminal, on the main thread."""

from __future__ import annotations

import queue
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from wgan_core.config import SETTINGS, TrainConfig, parse_config
from wgan_core.data import download, is_available
from wgan_core.launch import LOCAL_FIELDS, new_loop, resumed_loop
from wgan_core.messages import Command, Snapshot, Stop
from wgan_core.run import RunLoop
from wgan_core.store import RunFolder, StoreError, new_run_id, run_path, runs_root

_LINE_EVERY = 10.0
_LOOP = {"wants_pictures": lambda: False, "publish_every": 1.0}


def train(start: TrainConfig | None, given: dict[str, Any], out: Path | None) -> int:
    """A new run from `start` (the defaults if None) with the `given` settings, kept in `out`."""
    config = parse_config((start.model_dump() if start else {}) | given)
    path = out if out is not None else run_path(runs_root(), new_run_id(config))
    _fetch(config)
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    reporter = _Reporter()
    return _drive(partial(new_loop, config, path, inbox, reporter.show, **_LOOP), inbox, reporter)


def resume(path: Path, given: dict[str, Any]) -> int:
    """Go on with the run at `path`; `given` may change live settings and where things are on this machine."""
    folder = RunFolder.open(path)
    allowed = {name for name, info in SETTINGS.items() if info.live} | LOCAL_FIELDS
    for name in given:
        if name not in allowed:
            raise StoreError(f"{SETTINGS[name].flag} cannot change in a run that has begun: start a new run with it.")
    steps = folder.steps()
    config = folder.config_at(steps[-1] if steps else 0).replace(**given)
    if steps and steps[-1] >= config.max_steps:
        print(f"The run is at step {steps[-1]} already; give --max-steps more than that to go on.")
        return 0
    _fetch(config)
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    reporter = _Reporter()
    values = {name: getattr(config, name) for name in given}
    return _drive(partial(resumed_loop, path, values, inbox, reporter.show, **_LOOP), inbox, reporter)


def _fetch(config: TrainConfig) -> None:
    """Download what is missing. torchvision draws the progress bar."""
    if not is_available(config):
        print(f"Downloading {config.dataset} …", file=sys.stderr)
        download(config)


def _drive(make_loop: Callable[[], RunLoop], inbox: queue.SimpleQueue[Command], reporter: _Reporter) -> int:
    """Train to the end, or until Ctrl-C or a polite kill; both save first."""
    # A signal becomes a command like any other, so that no step is cut in half.
    before = {number: signal.signal(number, lambda *_: inbox.put(Stop())) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        loop = make_loop()
        try:
            while loop.tick():
                pass
        except Exception as error:
            reporter.close()
            print(f"wgan_core: {loop.fail(error)}", file=sys.stderr)
            return 1
        finally:
            loop.recorder.folder.release()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        reporter.close()
    _say_where(loop)
    return 0


def _say_where(loop: RunLoop) -> None:
    folder = loop.recorder.folder
    if loop.recorder.notice:
        print(loop.recorder.notice, file=sys.stderr)
    step = loop.trainer.step
    verb = "Finished" if loop.status == "finished" else "Stopped"
    print(f"{verb} at step {step}. The run is in {folder.path}")
    print(f"  images:  python -m wgan_core sample {folder.path} --out grid.png")
    goal = loop.trainer.config.max_steps if loop.status == "stopped" else 2 * step
    print(f"  go on:   python -m wgan_core train --resume {folder.path} --max-steps {goal}")


class _Reporter:
    """Shows snapshots: a bar on a terminal, else a plain line now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bar: tqdm[Any] | None = None
        self._terminal = sys.stderr.isatty()
        self._next_line = clock()

    def show(self, snapshot: Snapshot) -> None:
        """Bring the display up to date."""
        if self._terminal:
            self._show_bar(snapshot)
        elif self._clock() >= self._next_line or snapshot.ended:
            self._next_line = self._clock() + _LINE_EVERY
            print(f"step {snapshot.step}/{snapshot.config.max_steps}  {_numbers(snapshot)}", file=sys.stderr, flush=True)

    def _show_bar(self, snapshot: Snapshot) -> None:
        if self._bar is None:
            self._bar = tqdm(total=snapshot.config.max_steps, initial=snapshot.step, unit="step", dynamic_ncols=True, smoothing=0.1)
        self._bar.set_postfix_str(_numbers(snapshot), refresh=False)
        self._bar.update(snapshot.step - self._bar.n)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _numbers(snapshot: Snapshot) -> str:
    estimate = f"estimate {snapshot.history[-1, 3]:.4g}" if len(snapshot.history) else "estimate –"
    return f"{estimate}  {snapshot.steps_per_second:.0f} steps/s  {snapshot.generator_updates} generator updates"
