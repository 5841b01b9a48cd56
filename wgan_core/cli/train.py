"""`wgan train`: train a run in the terminal, on the main thread."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from wgan_core.cli.called import program, speaker
from wgan_core.cli.per_batch import NOTHING_MORE, Extra, PerBatch
from wgan_core.config import POINT_SETS, SETTINGS, ConfigError, TrainConfig, check_value, in_use, main_number, parse_config
from wgan_core.config.whole import whole_number
from wgan_core.data.catalog import DATASETS
from wgan_core.data.download import download, is_available
from wgan_core.forecast.device_check import check_device
from wgan_core.forecast.input_check import check_own_data
from wgan_core.runs.branch import OF_DATA, branched_config, branched_loop
from wgan_core.runs.failure import explain_failure
from wgan_core.runs.follow import begin, follow, open_meeting
from wgan_core.runs.launch import LOCAL_FIELDS, new_loop, resumed_loop
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Command, Snapshot, Stop
from wgan_core.runs.run_data import LoadingStopped, with_data_here
from wgan_core.store.folder import RunFolder, StoreError, check_vacant, new_run_id, run_ids, run_path, runs_root
from wgan_core.store.history import Rows, newest
from wgan_core.training.device import resolve_device
from wgan_core.training.job import current_job
from wgan_core.training.world import Meeting, World

_LINE_EVERY_SECONDS = 10.0
_LOOP = {"wants_pictures": lambda: False, "publish_every_seconds": 1.0}


def train(start: TrainConfig | None, given: dict[str, Any], out: Path | None, extra: Extra = NOTHING_MORE) -> int:
    """Train a new run from `start` (the defaults if None) with the `given` settings, in the folder `out`."""
    return _lead(lambda meeting: _new(start, given, out, meeting, extra))


def resume(path: Path, given: dict[str, Any], extra: Extra = NOTHING_MORE) -> int:
    """Continue the run at `path`. `given` may change live settings and the settings of this machine (data folder, device, threads)."""
    return _lead(lambda meeting: _go_on(path.resolve(), given, meeting, extra))


def branch(parent: str, given: dict[str, Any], out: Path | None, extra: Extra = NOTHING_MORE) -> int:
    """Train a branch of the run and step that `parent` names as RUN@STEP, with the `given` settings, in the folder `out`."""
    name, _, at = parent.rpartition("@") if "@" in parent else (parent, "", "")
    folder = RunFolder.open(Path(name).resolve() if Path(name).is_dir() else run_path(runs_root(), name))
    step = whole_number(at)
    if at and step is None:
        raise StoreError(f"{at[:40]!r} is not a step: write RUN@STEP, for example {name}@{max(folder.steps(), default=100)}.")
    if not (steps := folder.steps()):
        raise StoreError("This run has no saved step to branch from.")
    step = steps[-1] if step is None else step
    changes = {name: check_value(name, value) for name, value in given.items()}
    changes |= extra.length(folder.config_before(step).replace(**changes), 0 if changes.keys() & set(OF_DATA) else folder.samples_seen)
    config = branched_config(folder, step, changes)
    _refuse_without_effect(config, given)
    if "data_root" not in changes and (here := with_data_here(config).data_root) != config.data_root:
        changes["data_root"] = here
        config = config.replace(data_root=here)
    path = out.resolve() if out is not None else run_path(runs_root(), new_run_id(config, run_ids(runs_root())))
    _fetch(config)
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    reporter = _Reporter()
    return _drive(
        partial(branched_loop, folder.path, step, changes, path, inbox, reporter.show, **_LOOP), inbox, reporter, None, None, extra
    )


def _lead(work: Callable[[Meeting | None], int]) -> int:
    """Do `work` as the only process or as process 0; all other processes follow."""
    job = current_job()
    if job is None:
        return work(None)
    if not job.leads:
        return follow(job, _fetch)
    meeting = Meeting(job)
    with meeting.led():
        return work(meeting)


def _refuse_without_effect(config: TrainConfig, given: dict[str, Any]) -> None:
    """Raise ConfigError if a setting was given that belongs to another Lipschitz method: it is meant to do something, and would not."""
    for name in given:
        setting, *choices = SETTINGS[name].only_with or ("",)
        if setting == "lipschitz" and not in_use(config, name):
            raise ConfigError(
                f"{SETTINGS[name].flag} has no effect with lipschitz {config.lipschitz}: leave it out, or choose lipschitz {choices[0]}."
            )


def _new(start: TrainConfig | None, given: dict[str, Any], out: Path | None, meeting: Meeting | None, extra: Extra) -> int:
    config = parse_config((start.model_dump() if start else {}) | given)
    _refuse_without_effect(config, given)
    config = config.replace(**extra.length(config))
    # Resolved, because the run is named after its folder, which may be given as `.`.
    path = out.resolve() if out is not None else run_path(runs_root(), new_run_id(config, run_ids(runs_root())))
    # Both are checked again when the run is made. Checking them here avoids a useless download.
    resolve_device(config.device)
    check_vacant(path)
    job = current_job()
    for advice in (*check_own_data(config), *check_device(config, job.size if job is not None else 1)):
        print(f"{advice.level.capitalize()}: {advice.text}", file=sys.stderr)
    world = _gather(meeting, config)
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    reporter = _Reporter()
    return _drive(partial(new_loop, config, path, inbox, reporter.show, world=world, **_LOOP), inbox, reporter, meeting, world, extra)


def _go_on(path: Path, given: dict[str, Any], meeting: Meeting | None, extra: Extra) -> int:
    folder = RunFolder.open(path)
    allowed = {name for name, info in SETTINGS.items() if info.live} | LOCAL_FIELDS
    for name in given:
        if name not in allowed:
            raise StoreError(f"{SETTINGS[name].flag} cannot change in a run that has begun: start a new run with it.")
    steps = folder.steps()
    given = given | extra.length(folder.config, folder.samples_seen)
    config = with_data_here(folder.config_at(steps[-1] if steps else 0)).replace(**given)
    if steps and steps[-1] >= config.max_steps:
        print(f"The run is already at step {steps[-1]}; give a larger --max-steps to continue.")
        return 0
    world = _gather(meeting, config) if steps else None  # without steps, making the loop raises an error that says why
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    reporter = _Reporter()
    values = {name: getattr(config, name) for name in (*given, "data_root")}
    return _drive(partial(resumed_loop, path, values, inbox, reporter.show, world=world, **_LOOP), inbox, reporter, meeting, world, extra)


def _gather(meeting: Meeting | None, config: TrainConfig) -> World | None:
    """Make sure that the data is here, and tell the other processes, if there are any, what to train."""
    world = open_meeting(meeting, config) if meeting is not None else None
    _fetch(config)
    if meeting is not None:
        meeting.tell("data", "there")
    return world


def _fetch(config: TrainConfig) -> None:
    """Download missing data, with a progress bar on a terminal, otherwise with one line of output."""
    if is_available(config):
        return
    what = f"Downloading {DATASETS[config.dataset].title}"
    looks = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"
    bar = tqdm(total=1.0, desc=what, file=sys.stderr, disable=not sys.stderr.isatty(), bar_format=looks, leave=False)
    if bar.disable:
        print(f"{what} …", flush=True)
    # torchvision shows a bar for each file and prints which mirrors failed. What matters of that is in the error message.
    with bar, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):

        def show(fraction: float) -> None:
            bar.update(fraction - bar.n)

        download(config, show)


def _drive(
    make_loop: Callable[[], RunLoop],
    inbox: queue.SimpleQueue[Command],
    reporter: _Reporter,
    meeting: Meeting | None,
    world: World | None,
    extra: Extra,
) -> int:
    """Train to the end, or until Ctrl-C, SIGTERM or SIGHUP, which all save first."""

    def stop() -> None:
        if meeting is None or world is None:
            inbox.put(Stop())
        else:
            meeting.called_off = True
            world.ask_to_stop()

    with _signals_stop(stop):
        try:
            loop = make_loop()
        except LoadingStopped as stopped:
            reporter.close()
            print(f"{speaker()}: {stopped}", file=sys.stderr)
            return 130
        except (StoreError, ValueError):
            raise  # an input that cannot be used, not a failed run
        except Exception as error:
            _report_failure(error, None)
            return 1
        try:
            if meeting is not None and world is not None:
                begin(meeting, world, loop)
            lines = PerBatch(extra.print_every)
            while loop.tick():
                lines.show(loop)
                if world is not None and world.stopping:
                    inbox.put(Stop())
            if world is not None:
                world.close()
        except Exception as error:
            reporter.close()
            _report_failure(error, loop)
            return 1
        finally:
            reporter.close()
            loop.recorder.folder.release()
        _report_end(loop)
    return 0 if loop.trainer.step in loop.recorder.folder.steps() else 1  # the newest step could not be saved, which was said


@contextlib.contextmanager
def _signals_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Turn a signal into a command, so that no step is interrupted and a second Ctrl-C does no harm."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    # The terminal was closed, or the connection to it. Under nohup the run goes on.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report_failure(error: Exception, loop: RunLoop | None) -> None:
    sentence = loop.fail(error) if loop is not None else explain_failure(error, None)
    with contextlib.suppress(OSError):  # the reader may have ended; the error is in the ledger too
        print(f"{speaker()}: {sentence}", file=sys.stderr)
        if loop is not None:
            print(f"The run is in {loop.recorder.folder.path}")


def _report_end(loop: RunLoop) -> None:
    folder, step, rows = loop.recorder.folder, loop.trainer.step, loop.recorder.history.view()
    if loop.recorder.notice:
        print(loop.recorder.notice, file=sys.stderr)
    verb = "Finished" if loop.status == "finished" else "Stopped"
    number = f" Last {_last_number(folder.config, rows, ': ')}." if len(rows) else ""
    print(f"{verb} at step {step}.{number} The run is in {folder.path}")
    named = _as_word(folder.path)
    points = loop.trainer.config.dataset in POINT_SETS
    print(f"  {'points' if points else 'images'}:   {program()} sample {named} --out {'points.csv' if points else 'grid.png'}")
    largest = int(SETTINGS["max_steps"].high or 0)
    goal = loop.trainer.config.max_steps if loop.status == "stopped" else min(2 * step, largest)
    print(f"  continue: {program()} train --resume {named} --max-steps {goal}")


def _as_word(path: Path) -> str:
    """`path` as one word of a command line, to be pasted into a shell."""
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))


class _Reporter:
    """Shows snapshots: a progress bar on a terminal, otherwise a plain line from time to time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bar: tqdm[Any] | None = None
        self._terminal = sys.stderr.isatty()
        self._next_line = clock()
        self._line_begun = False

    def show(self, snapshot: Snapshot) -> None:
        """Update the display."""
        with contextlib.suppress(OSError):  # the reader has ended, as in `2>&1 | head`, which is no reason to end the run
            if snapshot.status == "loading":
                self._show_loading(snapshot.notice)
            elif self._terminal:
                self._show_bar(snapshot)
            elif self._clock() >= self._next_line or snapshot.ended:
                self._next_line = self._clock() + _LINE_EVERY_SECONDS
                print(_line(snapshot), file=sys.stderr, flush=True)

    def _show_loading(self, sentence: str) -> None:
        """On a terminal, one line that changes; otherwise a line from time to time."""
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{sentence[:width]:<{width}}", end="", file=sys.stderr, flush=True)
            self._line_begun = True
        elif self._clock() >= self._next_line:
            self._next_line = self._clock() + _LINE_EVERY_SECONDS
            print(sentence, file=sys.stderr, flush=True)

    def _show_bar(self, snapshot: Snapshot) -> None:
        if self._bar is None:
            self._end_line()
            total = snapshot.config.max_steps
            self._bar = tqdm(total=total, initial=snapshot.step, unit=" steps", file=sys.stderr, dynamic_ncols=True, smoothing=0.1)
        self._bar.set_postfix_str(_numbers(snapshot), refresh=False)
        self._bar.update(snapshot.step - self._bar.n)

    def _end_line(self) -> None:
        if self._line_begun:
            self._line_begun = False
            print(file=sys.stderr)

    def close(self) -> None:
        """Restore the terminal."""
        self._end_line()
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _line(snapshot: Snapshot) -> str:
    speed = f"{snapshot.steps_per_second:.0f} steps/s  " if snapshot.steps_per_second else ""
    left = f"  {tqdm.format_interval(snapshot.seconds_left)} left" if snapshot.seconds_left else ""
    return f"step {snapshot.step}/{snapshot.config.max_steps}  {speed}{_numbers(snapshot)}{left}"


def _numbers(snapshot: Snapshot) -> str:
    updates = f"{snapshot.generator_updates} generator update{'s' * (snapshot.generator_updates != 1)}"
    return f"{_last_number(snapshot.config, snapshot.history)}  {updates}"


def _last_number(config: TrainConfig, rows: Rows, after_name: str = " ") -> str:
    """The number that shows how far a run is, with its name."""
    number = main_number(config)
    return number.title + after_name + (f"{newest(rows, number.column, 0):.4g}" if len(rows) else "–")
