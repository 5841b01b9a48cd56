"""The best kept step and the stop rule: judged by readings and their noise alone, told in the ledger, pinned, and taken up again."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import pytest

from tests.loops import drive
from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.instruments.look import Measured
from wgan_core.runs.best import Best, BestStep, best_read
from wgan_core.runs.launch import new_loop, resumed_loop
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading
from wgan_core.timeline.marks import marks_of
from wgan_core.timeline.pins import pin

ON = {"best_by": "distance", "max_steps": 1000}


def look(step: int, value: float, sd: float = 0.01, key: str = "sliced-w1") -> Measured:
    """One look at `step`; its noise band is twice `sd`."""
    return Measured("truth", (Reading(key, step, step // 3, value, floor=0.1, floor_sd=sd, n=8),), 0.0, 0.0)


class Run:
    """A loop whose instruments read what they are told to."""

    def __init__(self, path: Path, config: TrainConfig) -> None:
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.shown: list[Snapshot] = []
        self.loop = new_loop(config, path, self.inbox, self.shown.append)
        self.loop._monitor = None

    def reads(self, value: float, sd: float = 0.01, key: str = "sliced-w1") -> None:
        """Five steps, then a look at the step, which is saved as it is when an instrument looks."""
        for _ in range(5):
            self.loop.tick()
        self.loop._save()
        self.loop._judge_gain(look(self.loop.trainer.step, value, sd, key).readings)

    @property
    def folder(self) -> RunFolder:
        return self.loop.recorder.folder

    def pinned(self) -> dict[int, str]:
        return {mark.step: mark.text for mark in self.folder.past.marks() if not mark.branch}


@pytest.fixture
def run(tmp_path: Path, config: TrainConfig) -> Run:
    return Run(tmp_path / "run", config.replace(**ON))


def test_a_step_is_best_only_beyond_noise(run: Run) -> None:
    run.reads(0.5)
    run.reads(0.485)  # within 2 sd: no gain, however often it is looked at
    run.reads(0.481)
    assert run.pinned() == {5: "Best by Sliced W1: 0.5 ± 0.02"} and run.loop._best.looks == 2
    run.reads(0.47)
    assert list(run.pinned()) == [20] and run.loop._best.looks == 0
    run.reads(0.3, sd=0.2)  # a wide band: this reading does not show that it is better
    assert list(run.pinned()) == [20]
    noted = [entry for entry in run.folder.ledger() if entry["what"] == "best-step"]
    assert [(entry["step"], entry["before"], entry["value"], entry["band"]) for entry in noted] == [
        (5, None, 0.5, 0.02),
        (20, 5, 0.47, 0.02),
    ]
    assert "Pinned: Best by Sliced W1: 0.47 ± 0.02" in [mark.text for mark in marks_of(run.folder)[20]]


def test_what_somebody_has_pinned_stays_pinned(run: Run) -> None:
    run.reads(0.5)
    pin(run.folder, 5, "my own")
    run.reads(0.3)
    assert run.pinned() == {5: "my own", 10: "Best by Sliced W1: 0.3 ± 0.02"}


def test_another_measure_begins_anew_and_points_have_theirs(run: Run) -> None:
    run.reads(0.5)
    run.reads(9.0, key="exact-w1")
    assert list(run.pinned()) == [10] and run.loop._best.best == Best(10, "exact-w1", 9.0, 0.02)
    reading = Reading("fd-cnn", 3, 1, 7.0, floor=1.0, floor_sd=0.5)
    assert best_read((reading,), "fd-cnn") == Best(3, "fd-cnn", 7.0, 1.0) and best_read((reading,), "distance") is None
    assert best_read((reading,), "off") is None and best_read((Reading("sliced-w1", 3, 1, None),), "distance") is None


def test_a_run_that_gains_no_more_stops_and_says_why(run: Run) -> None:
    run.loop.edit({"stop_after": 3})
    for value in (0.5, 0.49, 0.6, 0.495):
        assert run.loop.status == "running"
        run.reads(value)
    assert run.loop.status == "stopped" and run.loop.trainer.step in run.folder.steps()
    last = run.folder.ledger()[-2:]
    assert last[0]["what"] == "no-gain" and (last[0]["looks"], last[0]["best"]) == (3, 5)
    said = "The run stopped by itself: 3 looks found nothing better than step 5 (Best by Sliced W1: 0.5 ± 0.02)."
    assert run.loop.recorder.notice == said


def test_the_end_is_published(run: Run) -> None:
    run.loop.edit({"stop_after": 1})
    run.reads(0.5)
    run.loop._judge_gain(look(5, 0.6).readings)
    run.loop._apply(look(5, 0.6))
    assert run.shown[-1].status == "stopped" and run.shown[-1].notice.startswith("The run stopped by itself: 1 look found")


def test_without_the_rule_it_goes_on_and_at_its_end_it_is_finished(tmp_path: Path, config: TrainConfig) -> None:
    endless = Run(tmp_path / "a", config.replace(**ON))
    for _ in range(6):
        endless.reads(0.5)
    assert endless.loop.status == "running" and endless.loop._best.looks == 5
    short = Run(tmp_path / "b", config.replace(**ON | {"stop_after": 1, "max_steps": 10}))
    short.reads(0.5)
    short.reads(0.5)
    drive(short.loop, 1)
    assert short.loop.status == "finished"


def test_a_run_that_goes_on_knows_its_best_step_and_counts_its_looks_anew(run: Run, tmp_path: Path) -> None:
    run.loop.edit({"stop_after": 2})
    for value in (0.5, 0.49, 0.49):
        run.reads(value)
    assert run.loop.status == "stopped"
    run.folder.release()
    again = resumed_loop(tmp_path / "run", {}, queue.SimpleQueue())
    assert again._best.best == Best(5, "sliced-w1", 0.5, 0.02) and again._best.looks == 0
    again.recorder.folder.release()
    early = RunFolder.open(tmp_path / "run")
    assert BestStep(early, again.recorder.noted, 4).best is None  # resumed from a step before it


def test_a_run_of_an_earlier_version_names_no_best_step(tmp_path: Path, config: TrainConfig) -> None:
    values = {name: value for name, value in config.model_dump().items() if name not in ("best_by", "stop_after")}
    early = parse_config(values)
    assert (early.best_by, early.stop_after) == ("off", 0)
    old = Run(tmp_path / "run", early.replace(max_steps=1000))
    old.reads(0.5)
    assert old.pinned() == {} and old.loop._best.best is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stop_after": 3}, "stop_after 3 needs a measure of what is better: choose best_by distance or fd-cnn, or stop_after 0."),
        (
            {"best_by": "distance", "instruments_budget": 0},
            "best_by distance needs the instruments: set instruments_budget above 0, or best_by off.",
        ),
        (
            {"best_by": "fd-cnn", "dataset": "ring"},
            "best_by fd-cnn is for images with classes, and dataset ring holds points: choose best_by distance.",
        ),
        ({"stop_after": -1}, "stop_after must be a whole number from 0 to 10,000, not -1."),
    ],
)
def test_what_makes_no_sense_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(values)
    assert str(refused.value) == sentence


@pytest.mark.slow
def test_the_instruments_of_a_run_name_a_step_that_is_kept(tmp_path: Path, config: TrainConfig) -> None:
    """Real looks: each is at a step that was saved for it."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    loop: RunLoop = new_loop(config.replace(**ON | {"max_steps": 10**6, "instruments_budget": 50}), tmp_path / "run", inbox)
    while loop._best.best is None and loop.trainer.step < 50_000:
        loop.tick()
    best = loop._best.best
    assert best is not None and best.step in loop.recorder.folder.steps()
    assert any(one.step == best.step and one.key == best.key and one.value == pytest.approx(best.value) for one in loop.recorder.readings)
    loop.close()
    loop.recorder.folder.release()
