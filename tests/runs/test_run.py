"""A run in its thread."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.loops import go_on
from tests.waiting import PATIENCE, until, wait_for
from wgan_core.config import TrainConfig
from wgan_core.runs.guard import NotFinite
from wgan_core.runs.launch import new_loop, snapshot_from_folder
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Pause, Set, Snapshot, StepOnce
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder


def make_run(
    path: Path,
    config: TrainConfig,
    break_at: dict[int, BaseException] | None = None,
    ended: list[Run] | None = None,
    publish_every_seconds: float = 0.0,
) -> Run:
    """A run whose training raises at the steps of `break_at`."""

    def make_loop(inbox: Any, publish: Any, **kwargs: Any) -> RunLoop:
        loop = new_loop(config, path, inbox, publish, publish_every_seconds=publish_every_seconds, **kwargs)
        train_step = loop.trainer.train_step

        def broken() -> Any:
            if break_at and loop.trainer.step in break_at:
                raise break_at[loop.trainer.step]
            return train_step()

        loop.trainer.train_step = broken
        return loop

    return Run("run", config, make_loop, on_end=(ended if ended is not None else []).append)


def test_a_run_finishes_and_says_it_has_ended(tmp_path: Path, config: TrainConfig) -> None:
    ended: list[Run] = []
    run = make_run(tmp_path / "run", config, ended=ended)
    assert run.snapshot.status == "queued"
    run.start()
    run.start()
    assert run.join(PATIENCE)
    assert (run.snapshot.status, run.snapshot.step, ended) == ("finished", 60, [run])


def test_who_begins_to_look_gets_samples_of_now(tmp_path: Path, config: TrainConfig) -> None:
    run = make_run(tmp_path / "run", config.replace(max_steps=10**9), publish_every_seconds=3600)
    run.start()
    wait_for(run, "running")
    until(lambda: run._thread.is_alive() and run.snapshot.pictures is not None)
    before = run.snapshot
    seen = run.watch()
    assert seen.pictures is not None and seen.pictures.step == seen.step > before.step
    run.stop()
    assert run.join(PATIENCE)


def test_stop_before_start_twice_and_while_paused(tmp_path: Path, digits: TrainConfig) -> None:
    early = make_run(tmp_path / "early", digits)
    early.stop()
    early.stop()
    early.start()
    assert early.snapshot.status == "stopped" and early.join(1)

    run = make_run(tmp_path / "run", digits.replace(max_steps=10**9))
    run.start()
    wait_for(run, "running")
    run.send(Pause())
    step = wait_for(run, "paused").step
    run.stop()
    run.stop()
    assert run.join(PATIENCE)
    assert (run.snapshot.status, run.snapshot.step) == ("stopped", step)
    assert not RunFolder.open(tmp_path / "run").is_held()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("a bug"), "The run stopped because of an error in the program (RuntimeError: a bug). Step 0 is saved:"),
        (torch.OutOfMemoryError("CUDA out of memory"), "There is not enough memory: use a smaller batch size"),
        (MemoryError(), "There is not enough memory: use a smaller batch size"),
        (NotFinite(), "A score or weight became infinite or not a number at step 7, so the run was stopped."),
    ],
)
def test_a_crash_is_a_sentence_and_the_run_can_be_resumed(
    tmp_path: Path, digits: TrainConfig, error: BaseException, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = make_run(tmp_path / "run", digits, {7: error})
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.status == "failed" and run.snapshot.error.startswith(sentence)
    assert len(run.snapshot.history) == 7
    folder = RunFolder.open(tmp_path / "run")
    assert folder.status() == "failed" and not folder.is_held()
    assert snapshot_from_folder(folder).error == run.snapshot.error
    loop = go_on(tmp_path / "run", 3, critic_lr=1e-4)
    assert (loop.trainer.step, loop.trainer.config.critic_lr) == (3, 1e-4)


def test_numbers_that_blow_up_stop_the_run_at_once(tmp_path: Path, digits: TrainConfig) -> None:
    run = make_run(tmp_path / "run", digits)
    make_loop = run._make_loop

    def poisoned(*args: Any, **kwargs: Any) -> RunLoop:
        loop = make_loop(*args, **kwargs)
        with torch.no_grad():
            list(loop.trainer.critic.parameters())[-1].fill_(float("inf"))
        return loop

    run._make_loop = poisoned
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.status == "failed"
    assert "became infinite or not a number" in run.snapshot.error and "Step 0 is saved: resume from it" in run.snapshot.error


def test_data_that_is_missing_fails_with_its_sentence(tmp_path: Path, config: TrainConfig) -> None:
    run = make_run(tmp_path / "run", config.replace(dataset="image-folder", data_root=str(tmp_path / "none")))
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.error.startswith("There is no folder ") and not (tmp_path / "run").exists()


def test_a_failed_run_no_longer_says_what_it_was_reading(tmp_path: Path, config: TrainConfig) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.png").write_text("no picture")
    run = make_run(tmp_path / "run", config.replace(dataset="image-folder", data_root=str(tmp_path / "set")))
    said: list[str] = []
    publish = run._publish

    def listened(snapshot: Snapshot) -> None:
        said.append(snapshot.notice)
        publish(snapshot)

    run._publish = listened
    run.start()
    assert run.join(PATIENCE)
    assert said[0] == "Looking through the files."
    assert (run.snapshot.status, run.snapshot.notice) == ("failed", "")
    assert run.snapshot.error.endswith("1 file could not be read as an image of at most 50 megapixels and is left out: notes.png.")


def test_the_last_second_before_a_crash_is_in_the_curves(tmp_path: Path, digits: TrainConfig) -> None:
    """Snapshots come once a second; what went wrong is in the steps since the last."""
    run = make_run(tmp_path / "run", digits, {7: RuntimeError("a bug")}, publish_every_seconds=1000.0)
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.history[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert RunFolder.open(tmp_path / "run").read_metrics()[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_value_error_while_training_is_a_fault_of_the_program(tmp_path: Path, digits: TrainConfig) -> None:
    run = make_run(tmp_path / "run", digits, {3: ValueError("Expected more than 1 value per channel")})
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.error.startswith("The run stopped because of an error in the program (ValueError: Expected more than 1 value")


def test_fewer_images_than_one_batch_fail_with_their_sentence(tmp_path: Path, config: TrainConfig) -> None:
    run = make_run(tmp_path / "run", config.replace(batch_size=2000))
    run.start()
    assert run.join(PATIENCE)
    assert run.snapshot.error.endswith(" has 1797 images, fewer than one batch of 2000: lower the batch size or add images.")
    assert not (tmp_path / "run").exists()


# Orders from other threads.


def test_stop_while_the_data_is_being_loaded(tmp_path: Path, digits: TrainConfig) -> None:
    loading, go = threading.Event(), threading.Event()

    def make_loop(inbox: Any, publish: Any, **kwargs: Any) -> RunLoop:
        loading.set()
        assert go.wait(PATIENCE)
        return new_loop(digits, tmp_path / "run", inbox, publish, **kwargs)

    run = Run("run", digits, make_loop)
    run.start()
    assert loading.wait(PATIENCE)
    assert run.snapshot.status == "loading"
    run.stop()
    go.set()
    assert run.join(PATIENCE)
    assert (run.snapshot.status, run.snapshot.step, run.snapshot.saved_steps) == ("stopped", 0, (0,))


def test_commands_sent_before_the_run_is_there_are_carried_out(tmp_path: Path, digits: TrainConfig) -> None:
    run = make_run(tmp_path / "run", digits.replace(max_steps=10**9))
    run.send(Set({"n_critic": 2}))
    run.send(StepOnce(5))
    run.start()
    snapshot = wait_for(run, "paused")
    while snapshot.step < 5:
        snapshot = wait_for(run, "paused")
    run.stop()
    assert run.join(PATIENCE)
    assert (run.snapshot.step, run.snapshot.generator_updates, run.snapshot.config.n_critic) == (5, 2, 2)


def test_snapshots_of_a_run_are_numbered_without_repeating(tmp_path: Path, config: TrainConfig) -> None:
    """A page skips what it has drawn already by this number."""
    seen: list[Snapshot] = []
    run = make_run(tmp_path / "run", config)
    publish = run._publish
    run._publish = lambda snapshot: (publish(snapshot), seen.append(run.snapshot))[0]
    seen.append(run.snapshot)
    run.start()
    seen.insert(1, run.snapshot)
    assert run.join(PATIENCE)
    numbers = [snapshot.seq for snapshot in seen if snapshot.status in ("queued", "running", "finished")]
    assert numbers == sorted(set(numbers)) and len(numbers) > 60
    assert len({(snapshot.seq, snapshot.status) for snapshot in seen}) == len({snapshot.seq for snapshot in seen})


def test_stop_and_start_from_many_threads_end_in_one_end(tmp_path: Path, digits: TrainConfig) -> None:
    ended: list[Run] = []
    run = make_run(tmp_path / "run", digits.replace(max_steps=10**9), ended=ended)
    gate = threading.Barrier(8)

    def press(order: Any) -> None:
        gate.wait()
        order()

    threads = [threading.Thread(target=press, args=(run.start if index % 2 else run.stop,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.join(PATIENCE)
    # Stopped before it began, in which case it never ends, or ended once.
    assert run.snapshot.status == "stopped" and len(ended) == (1 if run._thread.ident is not None else 0)
