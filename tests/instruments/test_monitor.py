"""Instruments on a run: what they read is kept, and the training is the same to the bit with and without them."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.project import PROJECT
from tests.trainers import same, states
from tests.waiting import PATIENCE, Clock, until
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.instruments.kit import Kit, lanes_for
from wgan_core.instruments.knowledge import Knowledge
from wgan_core.instruments.look import Look, Measured, Seen
from wgan_core.instruments.monitor import Monitor
from wgan_core.instruments.schedule import Instrument, Lane
from wgan_core.measures.diagnose import Specimen
from wgan_core.measures.lag import Lag
from wgan_core.runs.launch import new_loop, resumed_loop, snapshot_from_folder
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import CheckLag, MeasureAll, Pause, Set, Snapshot, Stop
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading, advice_in, newest, of_key, share_of_training
from wgan_core.training.trainer import Trainer


def one_lane(measure: Callable[[Kit, Specimen], Look | None], key: str = "probe", min_gap_seconds: float = 0.0) -> tuple[Lane, ...]:
    return (Lane(1.0, (Instrument(key, measure, 0.0, 0.0),), gap_share=0.0, min_gap_seconds=min_gap_seconds, max_gap_seconds=1e9),)


def probe(kit: Kit, specimen: Specimen) -> Look:
    total = float(specimen.critic.state_dict()["layers.0.weight"].sum())
    return Look([Reading("probe", specimen.step, specimen.generator_updates, total)])


class Bench:
    """A loop with a monitor on a small trainer; time stands still unless `clock` is moved."""

    def __init__(
        self, path: Path, config: TrainConfig, dataset: Dataset, lanes: tuple[Lane, ...] | None = None, *, instruments: bool = True
    ) -> None:
        self.clock = Clock()
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.snapshots: list[Snapshot] = []
        self.trainer = Trainer(config, dataset)
        self.folder = RunFolder.create(path, config)
        recorder = Recorder(self.folder, clock=self.clock)
        self.arrived = threading.Semaphore(0)
        self.monitor = Monitor(self.trainer, dataset, self.report, lanes=lanes) if instruments else None
        self.loop = RunLoop(self.trainer, recorder, self.inbox, self.snapshots.append, monitor=self.monitor, clock=self.clock)

    def report(self, measured: Measured) -> None:
        self.inbox.put(measured)
        self.arrived.release()

    def tick(self, seconds: float = 1.0) -> bool:
        self.clock.now += seconds
        return self.loop.tick()

    def measure_once(self) -> None:
        """Ticks until something was measured and taken into the run; after so much time that the budget allows for it on a slow machine."""
        self.tick(100.0)
        assert self.arrived.acquire(timeout=PATIENCE)
        self.tick(0.01)


# The training is none of its business.


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lipschitz": "gradient-penalty", "optimizer": "adam", "ema_decay": 0.9},
        {"critic_norm": "batch", "critic_gradients": "accumulated"},
    ],
    ids=str,
)
def test_not_one_bit_of_the_training_depends_on_it(changes: dict[str, Any], tmp_path: Path, config: TrainConfig) -> None:
    digits = load_dataset(config)
    config = config.replace(**changes, max_steps=1000, instruments_budget=50)
    measured, plain = (Bench(tmp_path / name, config, digits, instruments=name == "with") for name in ("with", "without"))
    for _ in range(6):
        measured.measure_once()
    measured.inbox.put(CheckLag())
    measured.inbox.put(MeasureAll())
    measured.tick()
    for _ in range(12):
        measured.tick()
    while plain.trainer.step < measured.trainer.step:
        plain.tick()
    assert len({reading.key for reading in measured.folder.readings()}) >= 4
    assert plain.folder.readings() == ()
    assert same(states(measured.trainer), states(plain.trainer))


def test_its_threads_leave_the_trainings_number_of_threads_alone(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    seen: list[int] = []

    def count(kit: Kit, specimen: Specimen) -> Look:
        seen.append(torch.get_num_threads())
        return Look()

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        bench = Bench(tmp_path / "run", config, dataset, one_lane(count))
        bench.measure_once()
        assert seen == [1] and torch.get_num_threads() == 2
        torch.mm(torch.randn(64, 64), torch.randn(64, 64))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# What it reads.


def test_a_reading_is_of_the_step_at_which_the_weights_were_copied(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    go = threading.Event()

    def late(kit: Kit, specimen: Specimen) -> Look:
        assert go.wait(PATIENCE)
        return probe(kit, specimen)

    bench = Bench(tmp_path / "run", config, dataset, one_lane(late))
    bench.tick()
    expected = float(bench.trainer.critic.state_dict()["layers.0.weight"].double().sum())
    for _ in range(5):
        bench.tick()
    go.set()
    assert bench.arrived.acquire(timeout=PATIENCE)
    bench.tick()
    (reading,) = of_key(bench.folder.readings(), "probe")
    assert reading.step == 1 and reading.value == pytest.approx(expected, rel=1e-5)
    assert bench.trainer.step == 7


@pytest.mark.slow
def test_readings_and_advice_are_in_the_folder_and_the_snapshot(tmp_path: Path, config: TrainConfig) -> None:
    config = config.replace(optimizer="adam", instruments_budget=50, max_steps=60)
    bench = Bench(tmp_path / "run", config, load_dataset(config))
    for _ in range(8):
        bench.measure_once()
    bench.tick(2.0)
    kept = bench.folder.readings()
    assert bench.snapshots[-1].readings == bench.loop.recorder.readings
    assert [reading.key for reading in kept] == [reading.key for reading in bench.snapshots[-1].readings]
    assert kept == snapshot_from_folder(bench.folder).readings
    assert {"critic-health", "sliced-w1", "diversity", "energy"} <= newest(kept).keys()
    assert [one["key"] for one in advice_in(kept)] == ["momentum-with-clipping"]
    assert len(of_key(kept, "advice")) == 1  # said once while it stays the same
    w1 = of_key(kept, "sliced-w1")[0]
    assert w1.floor is not None and w1.value is not None and w1.value > w1.floor and w1.n == 898  # half of the digits
    assert w1.seconds > 0 and w1.spent >= w1.seconds and w1.trained > 0
    assert share_of_training(kept) == pytest.approx(kept[-1].spent / kept[-1].trained)


def test_a_damaged_last_line_is_dropped_and_written_over(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset, one_lane(probe))
    bench.measure_once()
    first = bench.folder.readings()
    path = bench.folder.path / "health.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40] + b"\n[1]\n" + whole[:30])
    assert bench.folder.readings() == first
    bench.measure_once()
    assert [reading.key for reading in bench.folder.readings()].count("probe") == 2
    path.unlink()
    assert bench.folder.readings() == ()


def test_no_budget_no_thread(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config.replace(instruments_budget=0), dataset, one_lane(probe))
    for _ in range(5):
        bench.tick(10.0)
    assert bench.monitor is not None and bench.monitor._thread is None
    bench.inbox.put(Set({"instruments_budget": 5}))
    bench.measure_once()
    assert newest(bench.folder.readings())["probe"].step == 6


def test_an_edit_has_the_critic_looked_at_soon(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset, one_lane(probe, "critic-health", min_gap_seconds=1e6))
    bench.measure_once()
    for _ in range(5):
        bench.tick()
    assert bench.monitor is not None and not bench.monitor._busy
    bench.inbox.put(Set({"clip_value": 0.02}))
    bench.measure_once()
    assert of_key(bench.folder.readings(), "probe")[-1].step == 8


def test_an_edit_that_breaks_a_run_is_told_before_any_instrument_has_looked(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset
) -> None:
    bench = Bench(tmp_path / "run", config, dataset, ())
    bench.tick()
    assert advice_in(bench.snapshots[-1].readings) == []
    bench.inbox.put(Set({"critic_lr": 0.5}))
    bench.tick(0.001)
    (told,) = advice_in(bench.snapshots[-1].readings)
    assert (told["key"], told["setting"]) == ("critic-rate-too-high", "critic_lr")
    bench.inbox.put(Set({"critic_lr": config.critic_lr}))
    bench.tick(0.001)
    assert advice_in(bench.snapshots[-1].readings) == [] == advice_in(bench.folder.readings())


def test_the_steepest_slope_is_known_after_a_resume() -> None:
    slopes = [Reading("critic-health", step, 1, value) for step, value in ((10, 0.02), (20, 0.5), (30, None), (40, 0.1))]
    assert Knowledge(slopes).seen.peak_slope == 0.5
    assert Knowledge().seen.peak_slope is None
    changed = Knowledge(slopes)
    changed.recipe_changed()  # what the critic was like under other settings is no measure
    assert changed.seen.peak_slope is None and changed.seen.excesses == ()


# What must not happen.


def test_a_crash_is_one_sentence_and_training_goes_on(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    def broken(kit: Kit, specimen: Specimen) -> Look:
        raise ZeroDivisionError("no floor")

    lanes = (*one_lane(broken, "broken"), *one_lane(probe))
    bench = Bench(tmp_path / "run", config, dataset, lanes)
    bench.measure_once()
    bench.tick(2.0)
    sentence = "The instrument broken failed (ZeroDivisionError: no floor) and is switched off for the rest of the run; training continues."
    assert bench.snapshots[-1].notice == sentence
    assert [entry["text"] for entry in bench.folder.ledger() if entry["what"] == "warning"] == [sentence]
    for _ in range(3):
        bench.measure_once()
    assert len(of_key(bench.folder.readings(), "probe")) >= 2
    assert len([entry for entry in bench.folder.ledger() if entry["what"] == "warning"]) == 1


def test_a_copy_that_fails_turns_the_instruments_off(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(trainer: Trainer) -> None:
        raise MemoryError("out of memory")

    monkeypatch.setattr("wgan_core.instruments.monitor.copy_weights", full)
    bench = Bench(tmp_path / "run", config, dataset)
    assert [bench.tick(2.0) for _ in range(3)] == [True] * 3
    assert bench.snapshots[-1].notice == "The instruments failed (MemoryError: out of memory) and are switched off; training continues."
    assert bench.trainer.step == 3


def test_a_run_ends_while_something_is_measured(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    begun, go = threading.Event(), threading.Event()

    def endless(kit: Kit, specimen: Specimen) -> Look:
        begun.set()
        go.wait(PATIENCE)
        return probe(kit, specimen)

    bench = Bench(tmp_path / "run", config, dataset, one_lane(endless))
    bench.tick()
    assert begun.wait(PATIENCE)
    bench.inbox.put(Stop())
    assert bench.loop.tick() is False
    assert bench.folder.status() == "stopped" and bench.monitor is not None
    go.set()
    assert bench.monitor.join(PATIENCE)
    assert bench.folder.readings() == ()


# All of them, for somebody who asks.


def test_everything_is_measured_at_the_step_of_the_asking_and_not_booked(tmp_path: Path, config: TrainConfig) -> None:
    goes: list[int] = []

    def in_parts(kit: Kit, specimen: Specimen) -> Look | None:
        goes.append(specimen.step)
        return probe(kit, specimen) if len(goes) == 3 else None

    lanes = (*one_lane(in_parts, "parts"), *lanes_for(config, digits := load_dataset(config)))
    bench = Bench(tmp_path / "run", config.replace(instruments_budget=0), digits, lanes)
    for _ in range(7):
        bench.tick(0.001)
    bench.inbox.put(Pause())
    bench.inbox.put(MeasureAll())
    bench.inbox.put(MeasureAll())  # one at a time
    waiting = threading.Thread(target=bench.loop.tick)
    waiting.start()
    until(lambda: any(snapshot.measuring_all for snapshot in bench.snapshots) and not bench.snapshots[-1].measuring_all)
    assert bench.snapshots[-1].notice == "Everything is being measured already, or cannot be measured here."
    bench.inbox.put(Stop())
    waiting.join(PATIENCE)
    readings = bench.folder.readings()
    assert {"probe", "critic-health", "sliced-w1", "energy", "nearest", "mode-gap", "classes", "advice"} <= newest(readings).keys()
    assert {reading.step for reading in readings} == {7} and goes == [7, 7, 7]
    assert share_of_training(readings) == 0.0


def test_what_fails_when_asked_is_a_sentence_and_the_others_are_measured(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset
) -> None:
    def broken(kit: Kit, specimen: Specimen) -> Look:
        raise ZeroDivisionError("no floor")

    bench = Bench(tmp_path / "run", config.replace(instruments_budget=0), dataset, (*one_lane(broken, "broken"), *one_lane(probe)))
    for asked in (1, 2):
        bench.inbox.put(MeasureAll())
        bench.tick()
        for _ in range(2 if asked == 1 else 1):  # the second time without what is broken
            assert bench.arrived.acquire(timeout=PATIENCE)
        bench.tick(2.0)
        assert not bench.snapshots[-1].measuring_all
    assert bench.snapshots[-1].notice.startswith("The instrument broken failed (ZeroDivisionError")
    assert len(of_key(bench.folder.readings(), "probe")) == 2


@pytest.mark.parametrize(("seconds", "budget", "looks"), [(10.0, 3.0, [5]), (1.0, 3.0, []), (10.0, 0.0, [])], ids=["long", "short", "off"])
def test_a_run_that_took_its_time_ends_with_a_last_look(
    seconds: float, budget: float, looks: list[int], tmp_path: Path, config: TrainConfig, dataset: ImageDataset
) -> None:
    config = config.replace(max_steps=5, instruments_budget=budget)
    bench = Bench(tmp_path / "run", config, dataset, one_lane(probe, min_gap_seconds=1e9))
    bench.tick(seconds)
    if bench.monitor is not None and budget and seconds > 5:  # the first look, which every run has
        assert bench.arrived.acquire(timeout=PATIENCE)
    while bench.tick(seconds if bench.trainer.step < 5 else 0.001):
        pass
    assert bench.folder.status() == "finished" and bench.snapshots[-1].status == "finished"
    assert [reading.step for reading in of_key(bench.folder.readings(), "probe")][-len(looks) or 99 :] == looks
    assert any(snapshot.measuring_all for snapshot in bench.snapshots) is bool(looks)


# Is the critic lagging?


@pytest.mark.slow
def test_the_lag_is_in_the_ledger_and_among_the_readings(tmp_path: Path, config: TrainConfig) -> None:
    digits = load_dataset(config)
    bench = Bench(tmp_path / "run", config.replace(n_critic=1, generator_lr=3e-3, max_steps=10**6), digits, ())
    for _ in range(150):
        bench.tick(0.001)
    before = states(bench.trainer)
    bench.inbox.put(Pause())
    bench.inbox.put(CheckLag())
    bench.inbox.put(CheckLag())  # one at a time
    waiting = threading.Thread(target=bench.loop.tick)  # a paused loop waits for what comes
    waiting.start()
    until(lambda: "critic-lag" in newest(bench.snapshots[-1].readings))
    assert bench.snapshots[-1].status == "paused"
    assert any(snapshot.checking_lag for snapshot in bench.snapshots) and not bench.snapshots[-1].checking_lag
    bench.inbox.put(Stop())
    waiting.join(PATIENCE)
    (entry,) = (entry for entry in bench.folder.ledger() if entry["what"] == "critic-lag")
    (reading,) = of_key(bench.folder.readings(), "critic-lag")
    assert entry["step"] == reading.step == 150 and entry["updates"] == 200 == reading.details["updates"][-1]
    assert (entry["before"], entry["after"]) == (reading.details["before"], reading.details["after"])
    assert entry["found"] == pytest.approx(entry["before"] / entry["after"], rel=1e-3) and entry["found"] < 0.87
    assert any(one["key"] == "critic-lagging" for one in advice_in(bench.folder.readings()))
    assert same(states(bench.trainer), before)


def test_a_lag_that_cannot_be_found_is_a_sentence(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wgan_core.instruments.monitor.critic_lag", lambda *args, cancelled: 1 / 0)
    bench = Bench(tmp_path / "run", config, dataset, ())
    bench.inbox.put(CheckLag())
    bench.measure_once()
    bench.tick(2.0)
    assert bench.snapshots[-1].notice.startswith("The check of the critic's lag failed (ZeroDivisionError")
    assert not bench.snapshots[-1].checking_lag


def lag_found(found: float) -> Lag:
    return Lag(np.array([0, 200]), np.array([found, 1.0]), np.ones(2), 64, 1.0)


@pytest.mark.parametrize(("changes", "kept"), [({"clip_value": 0.02}, False), ({"log_every": 7}, True)], ids=["recipe", "record"])
def test_a_lag_of_other_settings_is_dropped(
    changes: dict[str, Any], kept: bool, tmp_path: Path, config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr("wgan_core.instruments.monitor.critic_lag", lambda *args, cancelled: lag_found(0.1) if go.wait(PATIENCE) else None)
    bench = Bench(tmp_path / "run", config, dataset, ())
    for _ in range(20):
        bench.tick(0.001)
    bench.inbox.put(CheckLag())
    bench.tick()
    bench.inbox.put(Set(changes))
    bench.tick()
    go.set()
    assert bench.arrived.acquire(timeout=PATIENCE)
    bench.tick(2.0)
    assert not bench.snapshots[-1].checking_lag
    assert [one["key"] for one in advice_in(bench.folder.readings())] == (["critic-lagging"] if kept else [])
    assert [entry["what"] for entry in bench.folder.ledger()].count("critic-lag") == kept
    sentence = "A setting was changed while the critic's lag was being measured, so the result no longer holds: check again."
    assert (bench.snapshots[-1].notice == sentence) is not kept


def test_what_was_copied_before_an_edit_is_a_reading_but_no_ground_for_advice(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset
) -> None:
    begun, go = threading.Event(), threading.Event()

    def lagging(kit: Kit, specimen: Specimen) -> Look:
        begun.set()
        assert go.wait(PATIENCE)
        return Look(probe(kit, specimen).readings, Seen(lag=lag_found(0.1)))

    bench = Bench(tmp_path / "run", config, dataset, one_lane(lagging))
    bench.tick(100.0)
    assert begun.wait(PATIENCE)
    bench.inbox.put(Set({"clip_value": 0.02}))
    bench.tick(0.0)
    go.set()
    assert bench.arrived.acquire(timeout=PATIENCE)
    bench.tick(0.0)
    assert [reading.key for reading in bench.folder.readings()] == ["probe"]
    bench.measure_once()
    assert [one["key"] for one in advice_in(bench.folder.readings())] == ["critic-lagging"]


def test_only_the_runs_thread_writes_what_is_known(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measuring threads and the lag check at once, each with something to say."""
    writers: set[int] = set()
    take, say = Knowledge.take, Knowledge.advice
    monkeypatch.setattr(Knowledge, "take", lambda self, *args: (writers.add(threading.get_ident()), take(self, *args))[1])

    def watched(self: Knowledge, *args: Any, **more: Any) -> Reading | None:
        writers.add(threading.get_ident())
        return say(self, *args, **more)

    monkeypatch.setattr(Knowledge, "advice", watched)
    monkeypatch.setattr("wgan_core.instruments.monitor.critic_lag", lambda *args, cancelled: lag_found(0.1))
    bench = Bench(tmp_path / "run", config, dataset, one_lane(probe))
    bench.inbox.put(CheckLag())
    bench.tick(100.0)
    for _ in range(2):
        assert bench.arrived.acquire(timeout=PATIENCE)
    bench.tick()
    assert newest(bench.folder.readings()).keys() == {"probe", "critic-lag", "advice"}
    assert writers == {threading.get_ident()}


def test_a_loop_without_instruments_says_so(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset, instruments=False)
    bench.inbox.put(CheckLag())
    bench.tick()
    assert "cannot be measured here" in bench.snapshots[-1].notice
    bench.inbox.put(MeasureAll())
    bench.tick()
    assert "cannot be measured here" in bench.snapshots[-1].notice


# With launch, a folder and a thread.


def test_a_run_is_measured_and_goes_on_being_measured_when_resumed(tmp_path: Path, config: TrainConfig) -> None:
    config = config.replace(max_steps=10**9, instruments_budget=50)
    path = tmp_path / "run"
    run = Run("run", config, lambda inbox, publish, **kwargs: new_loop(config, path, inbox, publish, publish_every_seconds=0.05, **kwargs))
    run.start()
    until(lambda: {"critic-health", "sliced-w1"} <= newest(run.snapshot.readings).keys())
    run.stop()
    assert run.join(PATIENCE)
    folder = RunFolder.open(path)
    kept, last = folder.readings(), folder.steps()[-1]
    line = json.loads((path / "health.jsonl").read_text().splitlines()[0])
    with (path / "health.jsonl").open("a") as file:  # of a stretch that is trained again
        file.write(json.dumps(line | {"step": last + 5}) + "\n")
    loop = resumed_loop(path, {"instruments_budget": 0}, queue.SimpleQueue())
    try:
        assert loop.recorder.readings == kept == RunFolder.open(path).readings()
    finally:
        loop.close()
        folder.release()
        loop.recorder.folder.release()


@pytest.mark.slow
def test_a_program_that_ends_while_something_is_measured_ends_well() -> None:
    """A thread within PyTorch when the interpreter is taken down would make it abort."""
    script = """
import queue, torch
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.schedule import Instrument, Lane
from wgan_core.instruments.look import Look
from wgan_core.instruments.monitor import Monitor
from wgan_core.training.trainer import Trainer

def slow(kit, specimen):
    for _ in range(200):
        torch.randn(400, 400) @ torch.randn(400, 400)
    return Look()

dataset = Dataset("points", torch.randn(64, 2))
trainer = Trainer(TrainConfig(device="cpu", critic_widths=(8,), generator_widths=(8,)), dataset)
lanes = (Lane(1.0, (Instrument("slow", slow, 0.0, 0.0),), 0.0, 0.0, 1.0),)
monitor = Monitor(trainer, dataset, queue.SimpleQueue().put, lanes=lanes)
monitor.offer(trainer, 1.0)
"""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    assert time.monotonic() - start < 60
