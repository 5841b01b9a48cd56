"""The loop without a thread: what it does with commands, what it publishes and what it saves."""

from __future__ import annotations

import queue
import shutil
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from tests.disks import full
from tests.waiting import Clock
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.runs.guard import NotFinite
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Command, Pause, Publish, Resume, SaveNow, Set, Snapshot, Status, StepOnce, Stop, next_status
from wgan_core.runs.recorder import Recorder, is_mark
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import History, column
from wgan_core.training.trainer import Trainer


class Bench:
    """A loop on a small trainer, its inbox, and the snapshots it published."""

    def __init__(self, path: Path, config: TrainConfig, dataset: ImageDataset, **kwargs: Any) -> None:
        self.clock = Clock()
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.snapshots: list[Snapshot] = []
        folder = RunFolder.create(path, config, dataset={"name": "random", "shape": [1, 8, 8], "fingerprint": dataset.fingerprint})
        self.recorder = Recorder(folder, clock=self.clock)
        self.loop = RunLoop(Trainer(config, dataset), self.recorder, self.inbox, self.snapshots.append, clock=self.clock, **kwargs)

    def send(self, *commands: Any) -> None:
        for command in commands:
            self.inbox.put(command)

    def tick(self, count: int = 1) -> bool:
        return [self.loop.tick() for _ in range(count)][-1]

    @property
    def last(self) -> Snapshot:
        return self.snapshots[-1]


@pytest.fixture
def bench(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> Bench:
    return Bench(tmp_path / "run", config, dataset)


# The loop.


def test_trains_to_max_steps_and_says_so(bench: Bench) -> None:
    while bench.tick():
        pass
    assert (bench.last.status, bench.last.step, bench.last.generator_updates) == ("finished", 60, 20)
    assert column(bench.last.history, "step").tolist() == list(range(1, 61))
    assert 60 in bench.last.saved_steps
    assert bench.tick() is False


def test_the_recorded_rows_are_what_the_steps_returned(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset)
    bench.tick(10)
    bench.send(Stop())
    bench.tick()
    trainer = Trainer(config, dataset)
    for row in bench.last.history:
        scores = trainer.train_step()
        assert (row[0], row[1]) == (trainer.step, trainer.generator_updates)
        np.testing.assert_allclose(row[3], float(scores.real) - float(scores.fake), rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(
            row[4:], [-row[3], float(trainer.last_generator_loss), float(scores.real), float(scores.fake)], rtol=1e-6
        )
    np.testing.assert_allclose(bench.recorder.folder.read_metrics(), bench.last.history, rtol=1e-8)


def test_pause_holds_and_step_trains_exactly_that_many(bench: Bench) -> None:
    bench.tick(3)
    bench.send(StepOnce(4))
    bench.tick(4)
    assert (bench.last.status, bench.loop.trainer.step) == ("paused", 7)
    bench.send(StepOnce(), StepOnce(2), Resume())
    bench.tick()
    assert (bench.last.status, bench.loop.trainer.step) == ("running", 8)


def test_a_setting_changed_while_paused_is_in_force_at_the_next_step(bench: Bench) -> None:
    bench.tick(2)
    bench.send(Pause(), Set({"clip_value": 0.002}), StepOnce(1))
    bench.tick()
    largest = max(float(parameter.detach().abs().max()) for parameter in bench.loop.trainer.critic.parameters())
    assert largest == pytest.approx(0.002)
    assert [(edit.step, edit.field, edit.old, edit.new) for edit in bench.last.edits] == [(2, "clip_value", 0.05, 0.002)]
    ledger = [entry for entry in bench.recorder.folder.ledger() if entry["what"] == "edit"]
    assert [(entry["step"], entry["field"], entry["old"], entry["new"]) for entry in ledger] == [(2, "clip_value", 0.05, 0.002)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_critic": 4, "clip_value": -1}, "clip_value must be a number above 0 and at most 10, not -1."),
        ({"n_critic": 4, "batch_size": 8}, "batch_size cannot change while a run trains: start a new run with it."),
        ({"n_critic": 4, "colour": 1}, "colour is not a setting of this version."),
    ],
)
def test_settings_change_all_or_none(bench: Bench, changes: dict[str, Any], sentence: str) -> None:
    bench.send(Set(changes))
    bench.tick()
    assert (bench.last.notice, bench.last.edits, bench.loop.trainer.config.n_critic) == (sentence, (), 3)


def test_commands_keep_their_order_and_stop_may_come_twice(bench: Bench) -> None:
    bench.send(Pause(), Set({"n_critic": 9}), Stop(), Stop(), Resume(), Set({"n_critic": 2}))
    assert bench.tick() is False
    assert (bench.last.status, bench.last.config.n_critic, bench.last.step) == ("stopped", 9, 0)


def test_an_unknown_command_is_not_swallowed(bench: Bench) -> None:
    bench.send("pause")
    with pytest.raises(TypeError, match="not a command"):
        bench.tick()


def test_the_budget_can_be_raised_while_it_trains(bench: Bench) -> None:
    bench.tick(50)
    bench.send(Set({"max_steps": 70}))
    while bench.tick():
        pass
    assert bench.last.step == 70


def test_snapshots_come_at_most_as_often_as_asked(bench: Bench) -> None:
    published = len(bench.snapshots)
    bench.tick(5)
    assert len(bench.snapshots) == published
    bench.clock.now += 1.1
    bench.tick(5)
    assert len(bench.snapshots) == published + 1
    assert [snapshot.seq for snapshot in bench.snapshots] == sorted({snapshot.seq for snapshot in bench.snapshots})


def test_what_a_snapshot_holds_never_changes(bench: Bench) -> None:
    bench.tick(3)
    bench.clock.now += 1
    bench.tick()
    snapshot = bench.last
    copy = snapshot.history.copy()
    bench.tick(30)
    np.testing.assert_array_equal(snapshot.history, copy)
    assert snapshot.pictures is not None
    for array in (snapshot.history, snapshot.pictures.samples, snapshot.pictures.real):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_pictures_are_what_the_networks_make(bench: Bench) -> None:
    pictures = bench.last.pictures
    assert pictures is not None and pictures.samples.shape == (64, 8, 8, 1) and pictures.real.shape == (64, 8, 8, 1)
    real = torch.from_numpy(pictures.real.copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        expected = bench.loop.trainer.critic(real)[:, 0]
    np.testing.assert_allclose(pictures.real_scores, expected, atol=1e-6)


def test_nobody_looking_no_pictures_made(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset, wants_pictures=lambda: False)
    bench.clock.now += 1
    bench.tick(5)
    assert bench.last.pictures is not None and bench.last.pictures.step == 0


@pytest.mark.parametrize("command", [Pause(), StepOnce(3), Stop()])
def test_who_comes_back_finds_the_samples_of_the_last_step(
    tmp_path: Path, config: TrainConfig, dataset: ImageDataset, command: Command
) -> None:
    bench = Bench(tmp_path / "run", config, dataset, wants_pictures=lambda: False)
    bench.tick(5)
    bench.send(command)
    if not isinstance(command, Pause):
        bench.tick(3 if isinstance(command, StepOnce) else 1)
    else:
        bench.loop._apply(bench.inbox.get())  # a tick would wait for the next command
    assert bench.last.pictures is not None and bench.last.pictures.step == bench.last.step >= 5


def test_who_begins_to_look_is_not_shown_old_samples(bench: Bench) -> None:
    """Although new ones would not be due for a long time, as after samples that took long to draw."""
    bench.tick(3)
    bench.loop._next_pictures = bench.clock.now + 1000
    bench.tick(2)
    assert bench.last.pictures is not None and bench.last.pictures.step < bench.loop.trainer.step
    bench.send(Publish())
    bench.tick()
    assert bench.last.pictures is not None and bench.last.pictures.step == bench.last.step >= 5


def test_a_run_that_ends_unwatched_shows_its_last_step(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    bench = Bench(tmp_path / "run", config, dataset, wants_pictures=lambda: False)
    bench.tick(config.max_steps + 1)
    assert bench.last.pictures is not None and bench.last.pictures.step == config.max_steps


def test_time_paused_does_not_count(bench: Bench) -> None:
    bench.clock.now += 2
    bench.send(StepOnce(1))
    bench.tick()
    bench.clock.now += 50
    bench.send(Resume())
    bench.tick()
    bench.clock.now += 3
    bench.tick()
    bench.send(Stop())
    bench.tick()
    assert column(bench.last.history, "seconds").tolist() == [2, 2, 5]


def test_marks() -> None:
    assert [step for step in range(1, 2000) if is_mark(step, per_doubling=1)] == [100, 200, 400, 800, 1600]
    assert [step for step in range(1, 300) if is_mark(step, per_doubling=4)] == [100, 119, 141, 168, 200, 238, 283]


def test_history_grows_without_disturbing_what_was_handed_out() -> None:
    history = History()
    history.append(np.full((1000, 8), 1.0))
    view = history.view()
    history.append(np.full((5000, 8), 2.0))
    assert view.shape == (1000, 8) and (view == 1).all()
    assert history.view()[:, 0].sum() == 1000 + 10_000


# Saving.


def test_saved_by_time_and_by_hand(bench: Bench) -> None:
    bench.tick(5)
    bench.clock.now += 61
    bench.tick()
    bench.send(SaveNow())
    bench.tick()
    assert bench.recorder.folder.steps() == [0, 6]
    bench.tick(3)
    bench.send(SaveNow())
    bench.tick()
    assert (bench.recorder.folder.steps(), bench.loop.trainer.step) == ([0, 6, 10], 11)


def test_a_full_disk_is_said_training_goes_on_and_saving_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bench.recorder.folder
    write_step = RunFolder.write_step

    monkeypatch.setattr(RunFolder, "write_step", full)
    bench.tick(5)
    bench.send(SaveNow())
    bench.tick(3)
    assert bench.last.notice == (
        "Step 5 could not be saved (No space left on device). Training continues, and saving will be tried again; free some disk space."
    )
    assert (bench.loop.trainer.step, folder.steps(), bench.last.status) == (8, [0], "running")
    monkeypatch.setattr(RunFolder, "write_step", write_step)
    bench.clock.now += 16
    bench.tick(1)
    assert folder.steps()[-1] == 9
    bench.clock.now += 1
    bench.tick(1)
    assert bench.last.notice == ""


def test_curves_that_could_not_be_written_are_written_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    append = RunFolder.append_metrics

    monkeypatch.setattr(RunFolder, "append_metrics", full)
    bench.tick(4)
    bench.clock.now += 1
    bench.tick(2)
    assert len(bench.recorder.folder.read_metrics()) == 0
    monkeypatch.setattr(RunFolder, "append_metrics", append)
    bench.clock.now += 20
    bench.tick(4)
    bench.send(Stop())
    bench.tick()
    assert bench.recorder.folder.read_metrics()[:, 0].tolist() == list(range(1, 11))


def test_a_run_folder_deleted_while_it_trains_is_made_anew(bench: Bench) -> None:
    bench.tick(5)
    path = bench.recorder.folder.path
    shutil.rmtree(path)
    bench.clock.now += 1
    bench.tick(2)
    assert any("had been deleted. It was written again" in text for text in bench.recorder._notices.values())
    bench.send(Stop())
    bench.tick()
    folder = RunFolder.open(path)
    assert folder.steps() == [7] and folder.read_metrics()[:, 0].tolist() == list(range(1, 8))


def test_a_config_deleted_while_the_run_trains_is_written_again_and_no_row_twice(bench: Bench) -> None:
    bench.tick(5)
    path = bench.recorder.folder.path
    entries = len(bench.recorder.folder.ledger())
    (path / "config.json").unlink()
    bench.clock.now += 1
    bench.tick(2)
    assert "config.json had been deleted. It was written again; nothing else is lost." in bench.last.notice
    bench.send(Stop())
    bench.tick()
    folder = RunFolder.open(path)
    assert folder.steps() == [0, 7] and folder.read_metrics()[:, 0].tolist() == list(range(1, 8))
    assert len(folder.ledger()) == entries + 1  # the end


def test_weights_that_are_not_finite_are_never_saved(bench: Bench) -> None:
    bench.tick(2)
    with torch.no_grad():
        next(bench.loop.trainer.generator.parameters()).fill_(float("nan"))
    bench.send(SaveNow())
    with pytest.raises(NotFinite):
        bench.tick()
    assert bench.recorder.folder.steps() == [0]


# Orders that cross each other.


def test_pause_ends_what_is_left_of_single_steps(bench: Bench) -> None:
    bench.send(StepOnce(1000))
    bench.tick(4)
    bench.send(Pause(), StepOnce(2))
    bench.tick(2)
    # The snapshot says that nothing is left to do: one is published then, and the clock stands still.
    assert (bench.last.status, bench.last.step, bench.loop.trainer.step) == ("paused", 6, 6)


def test_single_steps_asked_for_twice_add_up(bench: Bench) -> None:
    bench.send(StepOnce(2), StepOnce(3))
    bench.tick(5)
    assert (bench.last.status, bench.last.step, bench.loop.trainer.step) == ("paused", 5, 5)


def test_single_steps_do_not_pass_the_end(bench: Bench) -> None:
    bench.send(StepOnce(1000))
    for _ in range(70):
        bench.tick()
    assert (bench.last.status, bench.last.step, bench.last.saved_steps[-1]) == ("finished", 60, 60)


def test_paused_at_the_end_waits_until_told_to_go_on(bench: Bench) -> None:
    bench.tick(58)
    bench.send(StepOnce(2))
    bench.tick(2)
    assert (bench.last.status, bench.last.step) == ("paused", 60)
    bench.send(Set({"max_steps": 61}), Resume())
    assert bench.tick() is True and bench.tick() is False
    assert (bench.last.status, bench.last.step) == ("finished", 61)


def test_a_budget_lowered_below_what_is_done_ends_the_run_there(bench: Bench) -> None:
    bench.tick(10)
    bench.send(Set({"max_steps": 5}))
    assert bench.tick() is False
    assert (bench.last.status, bench.last.step, bench.last.saved_steps) == ("finished", 10, (0, 10))


def test_the_ledger_tells_the_runs_story_once(bench: Bench) -> None:
    bench.tick(2)
    bench.send(Pause(), Pause(), Resume(), Resume(), Set({"n_critic": 3}), Stop())
    bench.tick()
    story = [(entry["step"], entry["what"], entry.get("status")) for entry in bench.recorder.folder.ledger()]
    assert story == [(0, "status", "running"), (2, "status", "paused"), (2, "status", "running"), (2, "status", "stopped")]


def test_the_time_left_follows_speed_and_budget(bench: Bench) -> None:
    assert bench.last.seconds_left is None
    bench.tick(10)
    bench.clock.now += 2
    bench.tick(10)  # the snapshot comes after the first of them
    assert bench.last.steps_per_second == pytest.approx(11 / 2)
    assert bench.last.seconds_left == pytest.approx((60 - 11) / 5.5)


def test_a_value_that_cannot_be_says_so_until_one_that_can(bench: Bench) -> None:
    bench.send(Set({"n_critic": 0}))
    bench.tick()
    assert bench.last.notice == "n_critic must be a whole number from 1 to 1,000, not 0."
    bench.send(Set({"n_critic": 4}))
    bench.tick()
    assert (bench.last.notice, bench.last.config.n_critic) == ("", 4)


def test_every_array_of_a_snapshot_is_read_only(bench: Bench) -> None:
    pictures = bench.last.pictures
    assert pictures is not None
    arrays = (bench.last.history, pictures.samples, pictures.real, pictures.sample_scores, pictures.real_scores)
    assert [array.flags.writeable for array in arrays] == [False] * 5


# Ends that are not smooth.


def test_an_end_that_cannot_be_saved_does_not_promise_to_go_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.tick(5)
    monkeypatch.setattr(RunFolder, "write_step", full)
    bench.send(Stop())
    assert bench.tick() is False
    assert (bench.last.status, bench.last.saved_steps) == ("stopped", (0,))
    assert bench.last.notice == ("Step 5 could not be saved, and the run has ended: free some disk space before you resume it from step 0.")


def test_two_edits_of_one_setting_at_one_step_are_both_noted_and_the_later_holds(bench: Bench) -> None:
    bench.tick(4)
    bench.send(Set({"n_critic": 5}), Set({"n_critic": 6}))
    bench.tick()
    assert [(edit.step, edit.old, edit.new) for edit in bench.last.edits] == [(4, 3, 5), (4, 5, 6)]
    assert bench.recorder.folder.config_at(4).n_critic == 6


def test_every_status_leads_only_where_it_may() -> None:
    ends: tuple[Status, ...] = ("finished", "stopped", "failed")
    allowed: dict[Status, tuple[Status, ...]] = {
        "queued": ("loading", "stopped", "failed"),
        "loading": ("running", "stopped", "failed"),
        "running": ("paused", *ends),
        "paused": ("running", *ends),
        "finished": (),
        "stopped": (),
        "failed": (),
    }
    assert {*allowed} == {*get_args(Status)}
    for now in allowed:
        for wanted in allowed:
            assert next_status(now, wanted) == (wanted if wanted in allowed[now] else now), (now, wanted)
