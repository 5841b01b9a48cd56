"""What is kept of a run while it trains: within its share of the time and its budget, whole or absent, and without touching a bit."""

from __future__ import annotations

import io
import itertools
import math
import os
import queue
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.disks import full
from tests.loops import begin, drive, go_on
from tests.networks import linear_layer
from tests.project import PROJECT
from tests.small import SMALL, SMALL_ON_POINTS
from tests.trainers import all_weights
from tests.waiting import Clock
from wgan_core.config import TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.figures.images import tile
from wgan_core.runs.branch import branched_loop
from wgan_core.runs.launch import new_loop
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.runs.recorder import Recorder
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.past import Past
from wgan_core.timeline.fixed import as_pixels, as_points, fixed_real, fixed_samples
from wgan_core.timeline.keeping import Keeper
from wgan_core.timeline.pins import pin, unpin
from wgan_core.timeline.reading import Timeline
from wgan_core.timeline.room import make_room
from wgan_core.timeline.sizes import sizes_of
from wgan_core.timeline.thinning import is_landmark
from wgan_core.training.trainer import Trainer

LONG = SMALL.replace(max_steps=100_000)
MEGABYTE = 1_000_000


class Bench:
    """A trainer and the keeper of its past, with a clock that stands still: keeping costs nothing, and a step takes a second."""

    def __init__(self, path: Path, config: TrainConfig, cost: float = 0.0) -> None:
        self.trainer = Trainer(config, load_dataset(config))
        self.folder = RunFolder.create(path, config, dataset={"shape": list(self.trainer.data.shape[1:])})
        self.clock = Clock(now=0.0)
        self.said: list[str] = []
        self.failed: list[str] = []
        self.keeper = Keeper(self.folder, self._attempt, self.said.append, clock=self._tick)
        self._cost = cost

    def _tick(self) -> float:
        self.clock.now += self._cost
        return self.clock.now

    def _attempt(self, what: str, action) -> bool:
        try:
            action()
        except OSError:
            self.failed.append(what)
            return False
        return True

    def go_to(self, step: int, seconds_a_step: float = 1.0) -> None:
        """Offer every step up to `step`, without training."""
        while self.trainer.step < step:
            self.trainer.step += 1
            self.keeper.offer(self.trainer, self.trainer.step * seconds_a_step)


def moments(folder: RunFolder) -> list[int]:
    return list(folder.past.moments())


@pytest.mark.slow
def test_a_long_run_keeps_what_fits_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.timeline.keeping.MAX_MOMENTS", 48)
    monkeypatch.setattr("wgan_core.timeline.keeping.MAX_LIGHT", 12)
    bench = Bench(tmp_path / "run", LONG)
    bench.go_to(128)
    assert 24 <= len(moments(bench.folder)) <= 48 and {1, 2, 4, 8, 16, 32, 64, 100, 119} <= set(moments(bench.folder))
    lights = bench.folder.past.light_steps()
    assert 6 <= len(lights) <= 12 and max(after - before for before, after in itertools.pairwise(lights)) <= 32
    histograms = [one.step for one in Timeline.of(bench.folder).histograms()]
    assert 48 <= len(histograms) < 110 and histograms == sorted(histograms)
    assert not bench.failed and not any(bench.said)


def test_what_costs_more_than_its_share_is_kept_more_rarely(tmp_path: Path) -> None:
    """A second each, of steps that take a second: 0.6 % and 0.3 % of the time are one in 256 and one in 512 steps."""
    bench = Bench(tmp_path / "run", LONG, cost=1.0)
    bench.go_to(3000)
    assert {step for step in moments(bench.folder) if not is_landmark(step)} <= set(range(0, 3001, 256))
    assert 1 <= len(bench.folder.past.light_steps()) <= 3000 * 0.006
    assert 1 <= len(Timeline.of(bench.folder).histograms()) <= 3000 * 0.003


def test_light_steps_look_like_the_networks(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG.replace(ema_decay=0.9))
    for _ in range(7):
        bench.trainer.train_step()
        bench.keeper.offer(bench.trainer, 1000.0)
    (*_, step) = bench.folder.past.light_steps()
    found = Timeline.of(bench.folder)
    moment = next(one for one in found.moments if one.step == step)
    assert moment.light and not moment.full
    assert step == bench.trainer.step
    for part, network in (
        ("generator", bench.trainer.generator), ("critic", bench.trainer.critic), ("averaged", bench.trainer.averaged_generator)
    ):  # fmt: skip
        assert network is not None
        for name, tensor in network.state_dict().items():
            ours = found.networks(step, part)[name]
            assert ours.dtype == tensor.dtype
            torch.testing.assert_close(ours, tensor, rtol=1e-3, atol=1e-4)


def test_a_picture_is_the_grid_of_the_fixed_latents(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    bench.go_to(2)
    (*_, picture) = Timeline.of(bench.folder).pictures()
    assert (picture.step, picture.mime) == (2, "image/webp")
    sheet = np.asarray(Image.open(io.BytesIO(picture.data)).convert("L"), dtype=float)
    expected = tile(as_pixels(fixed_samples(bench.trainer)))[:, :, 0].astype(float)
    assert sheet.shape == expected.shape and math.sqrt(((sheet - expected) ** 2).mean()) < 4


def test_points_are_kept_as_points(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", SMALL_ON_POINTS.replace(ema_decay=0.5))
    bench.go_to(2)
    found = Timeline.of(bench.folder)
    assert found.pictures() == () and [cloud.step for cloud in found.clouds()] == [1, 2]
    for averaged in (False, True):
        expected = as_points(fixed_samples(bench.trainer, averaged=averaged))
        np.testing.assert_allclose(found.clouds(averaged=averaged)[-1].points, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(found.data_points(), as_points(fixed_real(bench.trainer)))
    assert (tmp_path / "run" / "moments" / "00000002.safetensors").stat().st_size < 5000


def test_what_is_not_finite_is_never_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    with torch.no_grad():
        linear_layer(bench.trainer.generator, 0).bias[0] = math.nan
    bench.go_to(4)
    assert not bench.folder.past.light_steps() and not moments(bench.folder) and not Timeline.of(bench.folder).histograms()
    assert not bench.failed


def test_keeping_changes_no_bit(tmp_path: Path) -> None:
    plain, kept = Trainer(LONG, load_dataset(LONG)), Bench(tmp_path / "run", LONG)
    for _ in range(20):
        plain.train_step()
        kept.trainer.train_step()
        kept.keeper.offer(kept.trainer, 1e6)
    assert kept.folder.past.light_steps() and len(Timeline.of(kept.folder).histograms())
    for part, tensors in plain.state_dict().items():
        assert all(torch.equal(tensor, kept.trainer.state_dict()[part][name]) for name, tensor in tensors.items()), part


def test_histograms_count_every_weight_and_score(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    bench.trainer.train_step()
    bench.keeper.offer(bench.trainer, 1e6)
    (found,) = Timeline.of(bench.folder).histograms()
    first = linear_layer(bench.trainer.critic, 0).weight.detach().double().flatten().numpy()
    by_name = {one.name: one for one in found.weights}
    low, high = by_name["critic layer 1"].low, by_name["critic layer 1"].high
    counts, edges = np.histogram(first.clip(low, high), 60, (low, high))  # c in float32 is a little more than c
    assert list(by_name)[:3] == ["critic layer 1", "critic layer 2", "critic layer 3"] and "generator layer 1" in by_name
    assert np.abs(by_name["critic layer 1"].counts - counts).sum() <= 4  # float32 may put one on the other side of an edge
    np.testing.assert_allclose(by_name["critic layer 1"].edges, edges)
    assert by_name["critic layer 1"].high == pytest.approx(max(np.abs(first).max(), LONG.clip_value), rel=1e-5)
    real = bench.trainer.score(fixed_real(bench.trainer))
    assert found.real_score == pytest.approx(float(real.mean()), rel=1e-4)
    assert [(one.name, int(one.counts.sum())) for one in found.scores] == [("real", 64), ("generated", 64)]


# The budget.


def fill(folder: RunFolder, trainer: Trainer, fulls: range, lights: range) -> None:
    state = trainer.state_dict()
    for step in fulls:
        folder.write_step(step, state)
    for step in lights:
        folder.past.write_light(step, {part: state[part] for part in ("generator", "critic")})


def test_what_is_least_missed_goes_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    folder = bench.folder
    fill(folder, bench.trainer, range(0, 900, 100), range(10, 500, 10))
    folder.append_ledger(200, "saved-before-edit")
    pin(folder, 300)
    pin(folder, 130)
    each_light = (tmp_path / "run" / "light" / "00000010.safetensors").stat().st_size
    held = sizes_of(folder.path)

    make_room(folder, held.history - 1)  # light steps become fewer
    assert folder.steps() == list(range(0, 900, 100)) and 16 <= len(folder.past.light_steps()) < 49
    make_room(folder, sizes_of(folder.path).full + 17 * each_light)
    assert folder.steps() == list(range(0, 900, 100)) and len(folder.past.light_steps()) <= 17

    before = folder.past.light_steps()
    make_room(folder, sizes_of(folder.path).history - 1)  # then the earliest full step becomes a light one
    assert folder.steps() == [0, *range(200, 900, 100)] and 100 in folder.past.light_steps()
    assert Timeline.of(folder).networks(100, "critic").keys() == bench.trainer.critic.state_dict().keys()
    assert set(before) & set(folder.past.light_steps())

    left = make_room(folder, 1)  # what is left always stays
    assert folder.steps() == [0, 200, 300, 700, 800] and folder.past.light_steps() == [130, 300]
    assert left == sizes_of(folder.path) and left.history > 1


def test_a_budget_that_cannot_be_kept_is_one_sentence_and_training_goes_on(tmp_path: Path) -> None:
    wide = LONG.replace(generator_widths=(512,), critic_widths=(512,))
    loop = new_loop(wide.replace(history_budget=1), tmp_path / "run", queue.SimpleQueue())
    drive(loop, 110, {10: SaveNow(), 20: SaveNow()})
    assert loop.recorder.notice.startswith("The run's history takes ") and "more than History at most (1 MB) allows" in loop.recorder.notice
    assert loop.trainer.step == 110 and {0, 10, 20, 110} <= set(loop.recorder.folder.steps())
    loop.edit({"history_budget": 300})
    assert loop.recorder.notice == ""


# Safety.


def test_a_full_disk_is_a_notice_and_nothing_is_half_written(tmp_path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = new_loop(LONG, tmp_path / "run", queue.SimpleQueue())
    for name in ("write_light", "write_picture", "append_histograms"):
        monkeypatch.setattr(Past, name, full)
    drive(loop, 70)
    assert "could not be saved (No space left on device). Training continues" in loop.recorder.notice
    assert loop.trainer.step == 70 and 70 in loop.recorder.folder.steps()
    assert [entry.name for name in ("light", "moments") for entry in (tmp_path / "run").glob(f"{name}/*")] == []


def test_a_disk_that_will_not_remove_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = new_loop(LONG.replace(history_budget=1, generator_widths=(256,)), tmp_path / "run", queue.SimpleQueue())
    for name in ("discard_step", "make_room"):
        monkeypatch.setattr(f"wgan_core.timeline.{'keeping.make_room' if name == 'make_room' else 'room.make_light'}", full)
    drive(loop, 10, {5: SaveNow()})
    assert "The run's history could not be saved (No space left on device). Training continues" in loop.recorder.notice
    assert loop.trainer.step == 10


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killed_at_any_moment_everything_is_whole_or_absent(tmp_path: Path) -> None:
    """A process that keeps and thins out without a pause is killed."""
    script = """
import sys
from pathlib import Path
from tests.timeline.test_keeping import Bench, LONG
import wgan_core.timeline.keeping as keeping
keeping.MAX_MOMENTS, keeping.MAX_LIGHT = 12, 6
bench = Bench(Path(sys.argv[1]), LONG.replace(history_budget=1, generator_widths=(256, 256)))
while True:
    bench.go_to(bench.trainer.step + 1)
    if bench.trainer.step % 7 == 0:
        bench.folder.write_step(bench.trainer.step, bench.trainer.state_dict())
        bench.keeper.saved(bench.trainer, 0.0)
    print(bench.trainer.step, flush=True)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as other:
        assert other.stdout is not None
        for _ in range(80):
            assert other.stdout.readline()
        os.kill(other.pid, signal.SIGKILL)
    folder = RunFolder.open(tmp_path / "run")
    found = Timeline.of(folder)
    assert len(found.pictures()) >= 6 and any(moment.light for moment in found.moments)
    for moment in found.moments:
        if moment.light or moment.full:
            assert found.networks(moment.step, "generator") and found.networks(moment.step, "critic")
    for picture in found.pictures():
        Image.open(io.BytesIO(picture.data)).load()
    folder.hold()
    assert not [path for path in folder.path.rglob(".*-*") if path.name != ".lock"]
    folder.release()


# Resuming and branching.


def test_a_resumed_run_forgets_what_came_after(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 70)
    folder = RunFolder.open(tmp_path / "run")
    fill(folder, Trainer(LONG, load_dataset(LONG)), range(0), range(10, 71, 10))
    pin(folder, 60)
    shutil.rmtree(tmp_path / "run" / "steps" / "00000070")
    go_on(tmp_path / "run", 0)
    assert folder.past.light_steps() == [] and max(moments(folder)) == 0 if moments(folder) else True
    assert folder.past.marks() == [] and all(one.step == 0 for one in Timeline.of(folder).histograms())


def test_a_branch_has_its_parents_past_and_keeps_it_alone(tmp_path: Path) -> None:
    begin(tmp_path / "parent", LONG, 70)
    parent = RunFolder.open(tmp_path / "parent")
    fill(parent, Trainer(LONG, load_dataset(LONG)), range(0), range(10, 70, 10))
    drive(branched_loop(tmp_path / "parent", 70, {}, tmp_path / "branch", queue.SimpleQueue()), 5)
    marks = [mark for moment in Timeline.of(parent).moments for mark in moment.marks if mark.kind == "branch"]
    assert [(mark.text, mark.run_id) for mark in marks] == [("branch branched off", "branch")]
    assert 70 in parent.protected_steps()
    theirs = moments(parent)
    shutil.rmtree(tmp_path / "parent")
    branch = RunFolder.open(tmp_path / "branch")
    assert branch.past.light_steps()[:6] == list(range(10, 70, 10)) and set(theirs) <= set(moments(branch))
    assert Timeline.of(branch).networks(30, "generator")
    assert [mark.text for moment in Timeline.of(branch).moments for mark in moment.marks if mark.kind == "start"] == [
        "Branch of parent from step 70"
    ]


def test_the_light_steps_taken_over_fit_into_the_branchs_budget(tmp_path: Path) -> None:
    wide = LONG.replace(generator_widths=(512,), critic_widths=(512,))
    begin(tmp_path / "parent", wide, 70)
    parent = RunFolder.open(tmp_path / "parent")
    fill(parent, Trainer(wide, load_dataset(wide)), range(0), range(2, 70, 2))
    drive(branched_loop(tmp_path / "parent", 70, {"history_budget": 2}, tmp_path / "branch", queue.SimpleQueue()), 1)
    assert 2 <= len(RunFolder.open(tmp_path / "branch").past.light_steps()) < 20
    assert sizes_of(tmp_path / "branch").light <= MEGABYTE


def test_before_an_edit_a_branch_goes_on_as_if_it_had_not_happened(tmp_path: Path) -> None:
    """Also within an n_critic cycle, and when several edits share one saved step."""
    config = LONG.replace(n_critic=5)
    plain = begin(tmp_path / "plain", config, 60)
    edits = {23: Set({"clip_value": 0.01}), 24: Set({"n_critic": 2}), 25: Set({"critic_lr": 0.01})}
    begin(tmp_path / "edited", config, 60, edits)
    edited = RunFolder.open(tmp_path / "edited")
    assert 23 in edited.protected_steps() and not {24, 25} & edited.protected_steps()
    branch = drive(branched_loop(tmp_path / "edited", 23, {}, tmp_path / "branch", queue.SimpleQueue()), 37)
    assert branch.trainer.config == config
    assert torch.equal(all_weights(branch.trainer), all_weights(plain.trainer))


def test_edits_that_are_apart_have_a_step_each_and_those_of_recording_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.runs.loop.EDITS_TOGETHER_SECONDS", 0.0)
    edits = {3: Set({"log_every": 2}), 11: Set({"n_critic": 2}), 12: Set({"n_critic": 4}), 13: Set({"max_steps": 200_000})}
    begin(tmp_path / "run", LONG, 20, edits)
    folder = RunFolder.open(tmp_path / "run")
    assert [entry["step"] for entry in folder.ledger() if entry["what"] == "saved-before-edit"] == [11, 12]
    assert {11, 12} <= set(folder.steps())


# Pins.


def test_a_pinned_step_stays(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    fill(bench.folder, bench.trainer, range(100, 200, 10), range(5, 50, 5))
    pin(bench.folder, 130, "the first digits")
    pin(bench.folder, 15)
    bench.folder.prune()
    make_room(bench.folder, 0)
    assert 130 in bench.folder.steps() and bench.folder.past.light_steps() == [15]
    marks = {moment.step: [mark.text for mark in moment.marks] for moment in Timeline.of(bench.folder).moments}
    assert marks[130] == ["Pinned: the first digits"] and marks[15] == ["Pinned"]
    assert unpin(bench.folder, 130) and not unpin(bench.folder, 130)
    make_room(bench.folder, 0)
    assert 130 not in bench.folder.steps()


def test_a_step_that_is_not_kept_cannot_be_pinned(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    with pytest.raises(StoreError, match=r"^Step 7 is not kept, so it cannot be pinned\.$"):
        pin(bench.folder, 7)
    fill(bench.folder, bench.trainer, range(100, 101), range(5, 6))
    with pytest.raises(StoreError, match=r"cannot be pinned\. The nearest kept step is 5\."):
        pin(bench.folder, 7)
    assert bench.folder.past.marks() == []


def test_a_step_pinned_while_it_was_being_removed_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path / "run", LONG)
    fill(bench.folder, bench.trainer, range(100, 101), range(0))
    bench.folder.past.write_pin(100)
    bench.folder.discard_step(100)  # whoever decided to remove it did so before it was pinned
    assert bench.folder.steps() == [100] and bench.folder.read_step(100)


def test_texts_of_pins_are_short_and_damaged_ones_are_empty(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run", LONG)
    fill(bench.folder, bench.trainer, range(100, 102), range(0))
    pin(bench.folder, 100, "\u202e<b>" + "x" * 10_000)
    (tmp_path / "run" / "marks" / "00000101-pin").write_bytes(b"{")
    assert [(mark.step, len(mark.text)) for mark in bench.folder.past.marks()] == [(100, 200), (101, 0)]


# Light steps are for looking.


def test_a_light_step_is_neither_resumed_nor_branched(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 70)
    folder = RunFolder.open(tmp_path / "run")
    fill(folder, Trainer(LONG, load_dataset(LONG)), range(0), range(30, 31))
    why = Timeline.of(folder).why_not_branched(30)
    assert why.startswith("Step 30 can be explored but neither continued nor branched") and why.endswith("does is step 0.")
    assert Timeline.of(folder).why_not_branched(70) == ""
    with pytest.raises(StoreError, match="Step 30 can be explored but neither continued nor branched"):
        branched_loop(tmp_path / "run", 30, {}, tmp_path / "branch", queue.SimpleQueue())
    assert not (tmp_path / "branch").exists()


def test_samples_saved_by_the_clock_go_with_their_step(tmp_path: Path) -> None:
    config = LONG
    trainer, recorder = Trainer(config, load_dataset(config)), Recorder(RunFolder.create(tmp_path / "run", config))
    for trainer.step in (100, 130, 141, 150, 160, 170):
        assert recorder.save(trainer)
    assert recorder.folder.steps() == [100, 160, 170] and list(recorder.folder.samples()) == [100, 141, 160, 170]
