"""Runs that wait outlive their server, and of several servers one starts each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.waiting import wait_for
from wgan_core.access.person import COLOURS, person_of
from wgan_core.config import TrainConfig
from wgan_core.runs.kept_queue import KeptQueue, Ticket, waiting_count
from wgan_core.runs.manager import RunManager
from wgan_core.store.folder import RunFolder, StoreError

ADA, BOB = person_of("a", "Ada", COLOURS[0]), person_of("b", "Bob", COLOURS[1])


def files(manager: RunManager, kind: str = "json") -> list[str]:
    return sorted(path.name for path in (manager.root / ".queue").glob(f"0*.{kind}"))


def test_what_waits_waits_on_at_the_next_server(manager: RunManager, endless: TrainConfig, config: TrainConfig) -> None:
    done = manager.start(config, owner=BOB)
    wait_for(done, "finished")
    training = manager.start(endless, owner=ADA)
    second = manager.start(config.replace(seed=1), queue=True, owner=ADA)
    branch = manager.branch(done.run_id, config.max_steps, {"max_steps": 70}, queue=True, owner=BOB)
    resumed = manager.resume(done.run_id, {"max_steps": 65}, queue=True, by="Ada")
    assert waiting_count(manager.root) == 3
    before = manager.ahead_of(second.run_id)
    assert before == [training, branch]  # Bob's first run comes before Ada's second
    manager.shutdown()

    new = RunManager(manager.root)
    assert [run.run_id for run in new.stands_still()] == [branch.run_id, second.run_id, resumed.run_id]
    assert [(run.snapshot.status, run.owner, run.snapshot.config) for run in new.stands_still()] == [
        ("queued", one.owner, one.snapshot.config) for one in (branch, second, resumed)
    ]
    assert new.waited_before(second.run_id) and new.ahead_of(branch.run_id) == []
    new.start_now(branch.run_id)
    for waited in (branch, second, resumed):
        run = new.get(waited.run_id)
        assert run is not None
        wait_for(run, "finished")
    assert new.stands_still() == [] and waiting_count(new.root) == 0 and files(new, "lock") == []
    parent = RunFolder.open(new.root / branch.run_id).parent
    assert parent is not None and parent.run_id == done.run_id
    folder = RunFolder.open(new.root / done.run_id)
    assert folder.steps()[-1] == 65
    assert [entry.get("by") for entry in folder.ledger() if entry["what"] == "resumed"] == ["Ada"]
    assert RunFolder.open(new.root / second.run_id).config == config.replace(seed=1)
    new.shutdown()


def test_on_a_shared_server_it_goes_on_by_itself(manager: RunManager, endless: TrainConfig, config: TrainConfig) -> None:
    manager.start(endless)
    waiting = [manager.start(config, queue=True) for _ in range(2)]
    manager.shutdown()
    new = RunManager(manager.root, goes_on=True)
    for one in waiting:
        run = new.get(one.run_id)
        assert run is not None
        wait_for(run, "finished")
    new.shutdown()


def test_a_run_taken_out_of_the_queue_does_not_come_back(manager: RunManager, endless: TrainConfig) -> None:
    manager.start(endless)
    waiting = manager.start(endless, queue=True)
    waiting.stop()
    assert files(manager) == files(manager, "lock") == []
    manager.shutdown()
    assert RunManager(manager.root).all_active() == []


def test_two_servers_never_start_the_same_run(manager: RunManager, endless: TrainConfig) -> None:
    manager.start(endless)
    waiting = manager.start(endless, queue=True)
    beside = RunManager(manager.root, goes_on=True)
    assert beside.get(waiting.run_id) is None
    manager.shutdown()
    first, second = RunManager(manager.root), RunManager(manager.root)
    assert [run.run_id for run in first.all_active()] == [waiting.run_id] and second.all_active() == []
    first.start_now(waiting.run_id)
    run = first.get(waiting.run_id)
    assert run is not None
    wait_for(run, "running")
    assert RunManager(manager.root).all_active() == []
    for one in (first, second, beside):
        one.shutdown()


def test_what_began_before_the_server_was_killed_does_not_begin_twice(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config)
    wait_for(run, "finished")
    left = KeptQueue(manager.root)
    left.add(Ticket(run.run_id, config))
    left.close()
    assert RunManager(manager.root).all_active() == [] and files(manager) == []


def queue_of(root: Path, *tickets: Ticket) -> list[Path]:
    queue = KeptQueue(root)
    for ticket in tickets:
        queue.add(ticket)
    queue.close()
    return sorted((root / ".queue").glob("0*.json"))


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[" * 100_000, b"null", b'{"format": 1}', b"\xff\xfe", b'{"format": 1, "config": [[1, 2]]}', b"x" * 2_000_000],
)
def test_a_damaged_file_is_a_sentence_and_the_others_wait(runs: Path, config: TrainConfig, damage: bytes) -> None:
    bad, good = queue_of(runs, Ticket("20260101-0000-digits-1-aaaa", config), Ticket("20260101-0000-digits-2-bbbb", config))
    bad.write_bytes(damage)
    manager = RunManager(runs)
    assert [run.run_id for run in manager.all_active()] == ["20260101-0000-digits-2-bbbb"]
    assert manager.queue_problems == (
        f"A run that waited cannot be read and will not begin. Its file is kept as damaged-{bad.name} in the folder .queue beside the "
        "runs.",
    )
    assert good.exists() and bad.with_name(f"damaged-{bad.name}").read_bytes() == damage
    manager.shutdown()


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": "20260101-0000-digits-9-cccc"},
        {"run_id": "../../etc"},
        {"kind": "delete"},
        {"kind": "branch", "parent": "../x"},
        {"changes": [1]},
        {"by": None},
        {"step": "1"},
        {"owner": {"id": 3}, "format": 2},
    ],
)
def test_a_forged_file_starts_nothing(runs: Path, config: TrainConfig, change: dict[str, object]) -> None:
    (path,) = queue_of(runs, Ticket("20260101-0000-digits-1-aaaa", config))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    manager = RunManager(runs, goes_on=True)
    assert manager.all_active() == [] and len(manager.queue_problems) == 1


def test_a_run_of_a_later_version_is_kept_for_it(runs: Path, config: TrainConfig) -> None:
    (path,) = queue_of(runs, Ticket("20260101-0000-digits-1-aaaa", config))
    meta = json.loads(path.read_text())
    meta["config"]["warp"] = 9
    path.write_text(json.dumps(meta))
    manager = RunManager(runs, goes_on=True)
    assert manager.all_active() == [] and path.exists()
    assert manager.queue_problems == (
        "20260101-0000-digits-1-aaaa waited, but this version cannot train it, so it is kept for one that can: warp is not a setting of "
        "this version.",
    )


def test_links_in_the_queue_are_not_followed(runs: Path, config: TrainConfig) -> None:
    (path,) = queue_of(runs, Ticket("20260101-0000-digits-1-aaaa", config))
    elsewhere = runs / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert RunManager(runs, goes_on=True).all_active() == [] and elsewhere.exists()


def test_a_queue_that_cannot_be_written_refuses_the_run(manager: RunManager, endless: TrainConfig) -> None:
    manager.start(endless)
    manager.root.mkdir(exist_ok=True)
    (manager.root / ".queue").write_text("in the way")
    with pytest.raises(StoreError, match=r"^The run cannot be queued, because the queue cannot be written \("):
        manager.start(endless, queue=True)
    assert len(manager.all_active()) == 1
