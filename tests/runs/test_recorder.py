"""What is kept of a run, and what happens when the disk will not take it."""

from __future__ import annotations

import io
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.disks import full
from tests.networks import linear_layer
from tests.waiting import Clock
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.latent.seeds import fixed_latents, latent_seed
from wgan_core.runs.guard import NotFinite
from wgan_core.runs.recorder import Recorder, is_mark
from wgan_core.store.folder import RunFolder
from wgan_core.training.critic_passes import CriticScores
from wgan_core.training.trainer import Trainer


@pytest.fixture
def clock() -> Clock:
    return Clock(now=0.0)


@pytest.fixture
def trainer(config: TrainConfig, dataset: ImageDataset) -> Trainer:
    return Trainer(config, dataset)


@pytest.fixture
def recorder(tmp_path: Path, config: TrainConfig, clock: Clock) -> Recorder:
    return Recorder(RunFolder.create(tmp_path / "run", config), clock=clock)


def scores(real: float, fake: float) -> CriticScores:
    return CriticScores(torch.tensor(real), torch.tensor(fake), torch.tensor(0.0))


def record(recorder: Recorder, trainer: Trainer, *values: CriticScores) -> None:
    for value in values:
        trainer.step += 1
        recorder.record(trainer, value, trainer.step / 10)


# Curves.


def test_nothing_crosses_to_the_host_before_it_is_flushed(recorder: Recorder, trainer: Trainer) -> None:
    record(recorder, trainer, scores(2.0, 0.5))
    assert len(recorder.history.view()) == 0 and not (recorder.folder.path / "metrics.csv").exists()
    recorder.flush()
    (row,) = recorder.history.view()
    assert row[:5].tolist() == [1, 0, pytest.approx(0.1), 1.5, -1.5] and math.isnan(row[5]) and row[6:].tolist() == [2.0, 0.5]
    np.testing.assert_array_equal(recorder.folder.read_metrics(), recorder.history.view())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_points_up_to_the_one_that_blew_up_are_kept(recorder: Recorder, trainer: Trainer, bad: float) -> None:
    record(recorder, trainer, scores(2.0, 0.5), scores(bad, 0.5), scores(1.0, 0.5))
    with pytest.raises(NotFinite):
        recorder.flush()
    assert recorder.history.view()[:, 0].tolist() == [1, 3]
    recorder.flush()
    assert recorder.folder.read_metrics()[:, 0].tolist() == [1, 3]


def test_seconds_go_on_where_an_earlier_session_ended(recorder: Recorder, trainer: Trainer) -> None:
    record(recorder, trainer, *[scores(1.0, 0.0)] * 5)
    recorder.flush()
    later = Recorder(recorder.folder, recorder.history)
    later.record(trainer, scores(1.0, 0.0), 2.0)
    later.flush()
    assert recorder.history.view()[-1, 2] == pytest.approx(0.5 + 2.0)


def test_recording_saving_and_pictures_change_no_bit_of_the_training(
    recorder: Recorder, config: TrainConfig, dataset: ImageDataset
) -> None:
    plain, watched = Trainer(config, dataset), Trainer(config, dataset)
    for _ in range(9):
        plain.train_step()
        recorder.record(watched, watched.train_step(), 0.0)
        recorder.flush()
        recorder.fixed_samples(watched)
        recorder.fixed_real(watched)
        assert recorder.save(watched, by_hand=True)
    for part, tensors in plain.state_dict().items():
        for name, tensor in watched.state_dict()[part].items():
            assert torch.equal(tensor, tensors[name]), name


# Saved steps.


def test_a_step_is_due_at_marks_and_after_save_every_seconds(recorder: Recorder, trainer: Trainer, clock: Clock) -> None:
    trainer.step = 100
    assert recorder.save_is_due(trainer)
    trainer.step = 101
    assert not recorder.save_is_due(trainer)
    clock.now = trainer.config.save_every
    assert recorder.save_is_due(trainer)
    assert recorder.save(trainer) and not recorder.save_is_due(trainer)


def test_a_save_that_failed_is_due_again_after_a_while_and_not_before(
    recorder: Recorder, trainer: Trainer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_step", full)
        assert not recorder.save(trainer)
    trainer.step = 100  # a mark, but the disk was full a moment ago
    clock.now = 14.9
    assert not recorder.save_is_due(trainer)
    clock.now = 15.0
    assert recorder.save_is_due(trainer)
    assert recorder.save(trainer) and recorder.saved_steps == (100,)
    assert recorder.notice == ""


def test_a_step_saved_by_hand_stays_though_the_disk_was_full_at_first(
    recorder: Recorder, trainer: Trainer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.step = 100
    assert recorder.save(trainer)
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_step", full)
        trainer.step = 130
        assert not recorder.save(trainer, by_hand=True)
    for trainer.step in (140, 150, 160, 170):
        clock.now += 20
        assert recorder.save(trainer)
    assert recorder.saved_steps == (100, 140, 160, 170)


def test_weights_that_are_not_finite_leave_the_good_step_alone(recorder: Recorder, trainer: Trainer) -> None:
    assert recorder.save(trainer)
    before = (recorder.folder.path / "steps" / "00000000" / "critic.safetensors").read_bytes()
    with torch.no_grad():
        linear_layer(trainer.critic, 0).bias[0] = math.inf
    for by_hand in (False, True):
        with pytest.raises(NotFinite):
            recorder.save(trainer, by_hand=by_hand)
    assert (recorder.folder.path / "steps" / "00000000" / "critic.safetensors").read_bytes() == before
    assert recorder.folder.ledger() == []


def test_a_grid_that_cannot_be_written_does_not_cost_the_step(
    recorder: Recorder, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunFolder, "write_sample", full)
    assert recorder.save(trainer)
    assert recorder.saved_steps == (0,)
    assert recorder.notice.startswith("The sample grid could not be saved (No space left on device).")


def test_the_notice_of_a_step_that_is_not_saved_yet_stays(
    recorder: Recorder, trainer: Trainer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunFolder, "write_step", full)
    assert not recorder.save(trainer)
    recorder.note(0, "edit", field="n_critic", old=3, new=4)
    assert recorder.notice.startswith("Step 0 could not be saved")


def test_the_ledger_survives_a_full_disk_in_order_and_once(recorder: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder.note(1, "first")
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_ledger", full)
        recorder.note(2, "second")
        recorder.note(3, "third")
    assert "The run's curves and ledger could not be saved" in recorder.notice
    clock.now = 20.0
    recorder.note(4, "fourth")
    assert [(entry["step"], entry["what"]) for entry in recorder.folder.ledger()] == [
        (1, "first"), (2, "second"), (3, "third"), (4, "fourth")
    ]  # fmt: skip


# A folder deleted while the run goes on.


def test_a_folder_made_anew_still_has_curves_and_edits(recorder: Recorder, trainer: Trainer) -> None:
    recorder.note(0, "edit", field="n_critic", old=3, new=7)
    record(recorder, trainer, *[scores(1.0, 0.0)] * 5)
    recorder.flush()
    shutil.rmtree(recorder.folder.path)
    assert recorder.save(trainer)
    folder = RunFolder.open(recorder.folder.path)
    assert folder.config_at(5).n_critic == 7
    assert folder.read_metrics()[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert recorder.saved_steps == (5,)


def test_a_folder_made_anew_is_still_held(recorder: Recorder, trainer: Trainer) -> None:
    recorder.folder.hold()
    shutil.rmtree(recorder.folder.path)
    assert recorder.save(trainer)
    assert RunFolder.open(recorder.folder.path).is_held()
    recorder.folder.release()
    assert not RunFolder.open(recorder.folder.path).is_held()


def test_a_samples_folder_deleted_alone_is_made_anew(recorder: Recorder, trainer: Trainer) -> None:
    shutil.rmtree(recorder.folder.path / "samples")
    recorder.keep_grid(trainer)
    assert recorder.notice == "" and list(recorder.folder.samples()) == [0]


# The fixed pictures.


def test_a_latent_depends_on_seed_and_row_alone() -> None:
    assert torch.equal(fixed_latents(4, 3, 7), fixed_latents(4, 64, 7)[:3])
    assert torch.equal(fixed_latents(5, 2, 7)[0], fixed_latents(4, 2, 7)[1])
    assert (latent_seed(4, 0), latent_seed(4, 3)) == (4, 7)
    latents = fixed_latents(0, 500, 20)
    assert abs(float(latents.mean())) < 0.05 and float(latents.std()) == pytest.approx(1, abs=0.05)


def test_the_grid_on_disk_is_the_64_fixed_samples(recorder: Recorder, trainer: Trainer) -> None:
    recorder.keep_grid(trainer)
    sheet = np.asarray(Image.open(io.BytesIO(recorder.folder.samples()[0].read_bytes())))
    assert sheet.shape == (8 * 9 - 1, 8 * 9 - 1)
    expected = ((trainer.sample(fixed_latents(0, 64, 6)) + 1) * 127.5).round().byte()[:, 0].numpy()
    for index in (0, 7, 8, 63):
        top, left = 9 * (index // 8), 9 * (index % 8)
        np.testing.assert_array_equal(sheet[top : top + 8, left : left + 8], expected[index])


def test_real_images_are_the_same_ones_at_every_step_and_no_more_than_there_are(
    recorder: Recorder, trainer: Trainer, config: TrainConfig, dataset: ImageDataset
) -> None:
    first = recorder.fixed_real(trainer)
    trainer.train_step()
    assert first.shape == (64, 1, 8, 8) and torch.equal(recorder.fixed_real(trainer), first)
    every = {image.tobytes() for image in dataset.images.numpy()}
    shown = {((image + 1) * 127.5).round().byte().numpy().tobytes() for image in first}
    assert shown <= every and len(shown) == 64
    few = Trainer(config, ImageDataset("few", dataset.images[:20]))
    assert recorder.fixed_real(few).shape == (20, 1, 8, 8)


def test_marks_lie_at_equal_ratios_for_ever() -> None:
    marks = [step for step in range(90_000, 410_000) if is_mark(step, per_doubling=1)]
    assert marks == [102_400, 204_800, 409_600]
