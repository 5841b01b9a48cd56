"""The runs of a process: one a device, the others wait."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
import torch

from tests.waiting import PATIENCE, wait_for
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.runs import manager as runs_manager
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.manager import DeviceBusy, RunManager
from wgan_core.runs.messages import Pause, Stop
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder, StoreError


def test_a_second_start_says_what_is_running(manager: RunManager, endless: TrainConfig) -> None:
    run = manager.start(endless)
    with pytest.raises(DeviceBusy, match=r"digits, .*, #1 is (loading|running) on cpu: stop or pause it first") as caught:
        manager.start(endless)
    assert caught.value.run is run
    assert manager.get(run.run_id) is run and manager.get("another") is None


def test_a_queued_run_begins_when_the_one_before_it_ends(manager: RunManager, endless: TrainConfig, config: TrainConfig) -> None:
    first, second, third = manager.start(endless), manager.start(config, queue=True), manager.start(config, queue=True)
    wait_for(first, "running")
    assert (second.snapshot.status, third.snapshot.status) == ("queued", "queued")
    assert manager.all_active() == [first, second, third]
    second.stop()  # it never ran, and must not block the third
    first.send(Stop())
    wait_for(third, "finished")
    assert (first.snapshot.status, second.snapshot.status) == ("stopped", "stopped")


def test_a_failed_run_does_not_block_the_next(manager: RunManager, config: TrainConfig) -> None:
    broken = manager.start(config.replace(dataset="image-folder", data_root="/nowhere"))
    wait_for(broken, "failed")
    healthy = manager.start(config)
    wait_for(healthy, "finished")


def test_two_tabs_press_start_at_once(manager: RunManager, endless: TrainConfig) -> None:
    gate, results = threading.Barrier(8), []

    def press() -> None:
        gate.wait()
        try:
            results.append(manager.start(endless))
        except DeviceBusy as busy:
            results.append(busy)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (started,) = (result for result in results if isinstance(result, Run))
    assert [busy.run for busy in results if isinstance(busy, DeviceBusy)] == [started] * 7


def test_shutdown_saves_what_trains(manager: RunManager, endless: TrainConfig) -> None:
    run = manager.start(endless)
    wait_for(run, "running")
    manager.shutdown()
    assert run.snapshot.status == "stopped"
    assert RunFolder.open(manager.root / run.run_id).steps()[-1] == run.snapshot.step


def test_resuming(manager: RunManager, endless: TrainConfig) -> None:
    run = manager.start(endless)
    wait_for(run, "running")
    with pytest.raises(StoreError, match=r"is running already\.$"):
        manager.resume(run.run_id)
    run.stop()
    assert run.join(PATIENCE)
    step = run.snapshot.step
    again = manager.resume(run.run_id, {"max_steps": step + 5, "n_critic": 2})
    wait_for(again, "finished")
    assert (again.snapshot.step, again.snapshot.config.n_critic, again.run_id) == (step + 5, 2, run.run_id)


def test_what_cannot_be_resumed_is_a_sentence(manager: RunManager) -> None:
    with pytest.raises(StoreError, match="is not a run id"):
        manager.resume("../x")
    with pytest.raises(StoreError, match="is not a run folder"):
        manager.resume("nothing")


def test_a_value_out_of_range_is_refused_before_anything_starts(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config)
    wait_for(run, "finished")
    with pytest.raises(ConfigError, match="n_critic must be"):
        manager.resume(run.run_id, {"n_critic": 0})
    assert manager.all_active() == []


def test_a_run_started_just_as_another_ends_does_not_train_beside_the_next_in_line(
    manager: RunManager, endless: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the end of a run and the start of the next in line somebody presses Start."""
    gate, go_on = threading.Event(), threading.Event()
    told = manager._ended

    def late(run: Run) -> None:
        gate.set()
        assert go_on.wait(PATIENCE)
        told(run)

    monkeypatch.setattr(manager, "_ended", late)
    first = manager.start(endless)
    monkeypatch.setattr(manager, "_ended", told)
    waiting = manager.start(endless, queue=True)
    first.stop()
    assert gate.wait(PATIENCE)
    quick = manager.start(endless)
    go_on.set()
    assert first.join(PATIENCE)
    assert waiting.snapshot.status == "queued"
    assert manager.active("cpu") is quick
    quick.stop()
    wait_for(waiting, "running")


def test_a_failing_run_lets_the_next_in_line_begin(manager: RunManager, endless: TrainConfig, config: TrainConfig) -> None:
    first = manager.start(endless)
    broken = manager.start(config.replace(dataset="image-folder", data_root="/nowhere"), queue=True)
    healthy = manager.start(config, queue=True)
    first.stop()
    wait_for(healthy, "finished")
    assert broken.snapshot.status == "failed" and "/nowhere" in broken.snapshot.error
    assert RunFolder.open(manager.root / healthy.run_id).steps()[-1] == config.max_steps


def test_a_run_is_found_after_its_end_and_leaves_the_device_free(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config)
    wait_for(run, "finished")
    assert manager.get(run.run_id) is run and run.snapshot.step == config.max_steps
    assert manager.active("cpu") is None and manager.all_active() == []


def test_a_paused_run_leaves_the_device_to_others(manager: RunManager, endless: TrainConfig) -> None:
    paused = manager.start(endless)
    waiting = manager.start(endless, queue=True)
    assert manager.ahead_of(waiting.run_id) == [paused] and manager.ahead_of(paused.run_id) == []
    manager.start_now(waiting.run_id)
    assert waiting.snapshot.status == "queued"  # the device is taken
    paused.send(Pause())
    wait_for(paused, "paused")
    assert manager.ahead_of(waiting.run_id) == [] and manager.in_the_way(paused.run_id) is None
    manager.start_now(waiting.run_id)
    wait_for(waiting, "running")
    assert manager.in_the_way(paused.run_id) is waiting and manager.in_the_way(waiting.run_id) is None
    with pytest.raises(DeviceBusy, match="#2 is running on cpu"):
        manager.start(endless)


def test_those_in_the_queue_know_who_is_before_them(manager: RunManager, endless: TrainConfig) -> None:
    first, second, third = (manager.start(endless, queue=True) for _ in range(3))
    assert manager.ahead_of(third.run_id) == [first, second]
    second.stop()
    assert manager.ahead_of(third.run_id) == [first]
    assert manager.ahead_of("another") == [] and manager.in_the_way("another") is None


def test_shutdown_reaches_runs_that_are_paused_or_wait_and_may_come_twice(manager: RunManager, endless: TrainConfig) -> None:
    paused, waiting = manager.start(endless), manager.start(endless, queue=True)
    paused.send(Pause())
    wait_for(paused, "paused")
    manager.shutdown()
    manager.shutdown()
    assert (paused.snapshot.status, waiting.snapshot.status) == ("stopped", "stopped")
    assert not RunFolder.open(manager.root / paused.run_id).is_held()
    assert not (manager.root / waiting.run_id).exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU here")
def test_a_device_that_is_not_there_starts_nothing(manager: RunManager, config: TrainConfig) -> None:
    with pytest.raises(ConfigError, match="PyTorch finds no CUDA GPU here"):
        manager.start(config.replace(device="cuda"))
    assert manager.all_active() == [] and list(manager.root.glob("*")) == []


def test_a_server_that_runs_for_weeks_does_not_keep_every_run_in_memory(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_manager, "ENDED_IN_MEMORY", 2)
    monkeypatch.setattr(runs_manager, "FAILED_IN_MEMORY", 1)

    def train() -> tuple[str, weakref.ref[Run], weakref.ref[object]]:
        run = manager.start(config.replace(max_steps=5))
        wait_for(run, "finished")
        return run.run_id, weakref.ref(run), weakref.ref(run.snapshot.history)

    (first, *_, last), runs, curves = zip(*(train() for _ in range(4)), strict=True)
    gc.collect()
    assert [one() is not None for one in runs] == [one() is not None for one in curves] == [False, False, True, True]
    assert manager.get(first) is None and manager.get(last) is not None
    assert snapshot_from_folder(RunFolder.open(manager.root / first)).status == "finished"
    # A run without a folder has its error only here. It takes no other's place.
    failed = manager.start(config.replace(dataset="image-folder", data_root="/nowhere"))
    wait_for(failed, "failed")
    assert manager.get(failed.run_id) is failed and manager.get(last) is not None
    # A run that was forgotten can be resumed.
    again = manager.resume(first, {"max_steps": 8})
    wait_for(again, "finished")
    assert manager.get(first) is again and manager.get(last) is not None
    assert manager.all_active() == [] and not manager.waited_before(last)
