"""The runs of a process: one a device, the others wait."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wgan_core.config import ConfigError, TrainConfig
from wgan_core.manager import DeviceBusy, RunManager
from wgan_core.messages import Stop
from wgan_core.run import Run
from wgan_core.store import RunFolder, StoreError


@pytest.fixture
def manager(runs: Path):  # type: ignore[no-untyped-def]
    manager = RunManager(runs)
    yield manager
    manager.shutdown()


@pytest.fixture
def endless(config: TrainConfig) -> TrainConfig:
    return config.replace(max_steps=10**9)


def wait_for(run: Run, status: str) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if run.snapshot.status == status:
            return
        pause.wait(0.005)
    raise AssertionError(f"{run.snapshot.status}, not {status}: {run.snapshot.error}")


def test_a_second_start_says_what_is_running(manager: RunManager, endless: TrainConfig) -> None:
    run = manager.start(endless)
    with pytest.raises(DeviceBusy, match=f"{run.run_id} is training on cpu already: stop it first, or queue this one") as caught:
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
    started = [result for result in results if isinstance(result, Run)]
    assert len(started) == 1
    assert all(busy.run is started[0] for busy in results if isinstance(busy, DeviceBusy))


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
    assert run.join(20)
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
