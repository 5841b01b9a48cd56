"""Runs of several people: whose a run is, who did what, and whose turn it is."""

from __future__ import annotations

import time

from tests.waiting import wait_for
from wgan_core.access.person import COLOURS, person_of
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import By, Pause, Resume, SaveNow, Set, Stop
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder

ADA, BOB = person_of("a", "Ada", COLOURS[0]), person_of("b", "Bob", COLOURS[1])


def folder_of(manager: RunManager, run: Run) -> RunFolder:
    return RunFolder.open(manager.root / run.run_id)


def test_a_run_keeps_its_owner_also_when_another_resumes_or_branches_it(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config, owner=ADA)
    wait_for(run, "finished")
    assert run.owner == ADA and folder_of(manager, run).owner == ADA
    again = manager.resume(run.run_id, {"max_steps": config.max_steps + 5}, by="Bob")
    wait_for(again, "finished")
    assert again.owner == ADA and folder_of(manager, again).owner == ADA
    assert [entry.get("by") for entry in folder_of(manager, run).ledger() if entry["what"] in ("resumed", "edit")] == ["Bob", "Bob"]
    branch = manager.branch(run.run_id, config.max_steps, {"max_steps": config.max_steps + 3}, owner=BOB)
    wait_for(branch, "finished")
    assert folder_of(manager, branch).owner == BOB and folder_of(manager, run).owner == ADA


def test_without_people_nothing_of_them_is_written(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config)
    wait_for(run, "finished")
    folder = folder_of(manager, run)
    assert folder.owner is None and "owner" not in folder.meta and not any("by" in entry for entry in folder.ledger())


def test_the_ledger_says_who_did_it(manager: RunManager, endless: TrainConfig) -> None:
    run = manager.start(endless, owner=ADA)
    wait_for(run, "running")
    for command in (Pause(), Set({"n_critic": 7}), SaveNow(), Resume()):
        run.send(By("Bob", command))
    run.send(By("Ada", Stop()))
    wait_for(run, "stopped")
    done = {entry["what"]: entry.get("by") for entry in folder_of(manager, run).ledger() if entry["what"] != "status"}
    status = [(entry["status"], entry.get("by")) for entry in folder_of(manager, run).ledger() if entry["what"] == "status"]
    assert status == [("running", None), ("paused", "Bob"), ("running", "Bob"), ("stopped", "Ada")]
    assert done["edit"] == "Bob" and done["saved-by-hand"] == "Bob"


def test_a_named_stop_also_ends_what_waits(manager: RunManager, endless: TrainConfig) -> None:
    manager.start(endless)
    waits = manager.start(endless, queue=True)
    waits.send(By("Ada", Stop()))
    assert waits.snapshot.status == "stopped"


def test_everybody_trains_once_before_anybody_trains_twice(manager: RunManager, endless: TrainConfig) -> None:
    first = manager.start(endless, owner=ADA)
    wait_for(first, "running")
    second, third, other = (manager.start(endless, queue=True, owner=who) for who in (ADA, ADA, BOB))
    assert manager.ahead_of(other.run_id) == [first]
    assert manager.ahead_of(second.run_id) == [first, other]
    assert manager.ahead_of(third.run_id) == [first, other, second]
    first.stop()
    wait_for(other, "running")


def test_a_paused_run_yields_after_a_while(manager: RunManager, endless: TrainConfig) -> None:
    patient = RunManager(manager.root, yield_seconds=3600)
    first, second = patient.start(endless, owner=ADA), patient.start(endless, queue=True, owner=BOB)
    first.send(Pause())
    wait_for(first, "paused")
    now = time.monotonic()
    patient.yield_paused(now)
    patient.yield_paused(now + 3000)
    assert second.snapshot.status == "queued"
    patient.yield_paused(now + 3600)
    wait_for(second, "running")
    assert first.snapshot.status == "paused" and patient.in_the_way(first.run_id) is second
    patient.shutdown()


def test_paused_runs_yield_by_themselves(manager: RunManager, endless: TrainConfig) -> None:
    quick = RunManager(manager.root, yield_seconds=0)
    first, second = quick.start(endless, owner=ADA), quick.start(endless, queue=True, owner=BOB)
    wait_for(first, "running")
    first.send(Pause())
    wait_for(second, "running")
    quick.shutdown()
