"""A training that is killed at random moments and goes on ends as one that was left alone; a server that is told to end saves its runs.
The long forms are `python -m tests.kills` and `python -m tests.kills_of_server`."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from tests import kills, kills_of_server
from tests.bare_client import BareClient
from tests.small import ENDLESS, SMALL
from tests.waiting import until
from wgan_core.access.person import COLOURS, person_of
from wgan_core.runs.kept_queue import KeptQueue, Ticket
from wgan_core.store.folder import RunFolder


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX systems do")
def test_killed_and_resumed_it_ends_with_the_same_bits(capsys: pytest.CaptureFixture[str]) -> None:
    status = kills.main(["--count", "2", "--each", "2", "--steps", "1500"])
    found = re.fullmatch(r"(\d+) kills in (\d+) trials, (\d+) of which ended equal bit for bit\.\n", capsys.readouterr().out)
    assert status == 0 and found is not None
    assert int(found[1]) >= 2 and found[2] == found[3]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
def test_a_server_that_is_hung_up_saves_its_run(tmp_path: Path, hangups_are_heard: None) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    with kills_of_server.served(root) as server, BareClient(server.url) as client:
        folder = RunFolder.open(_begun(kills_of_server.go_on(client, root, 10**6)))
        until(lambda: len(folder.read_metrics()) > 20)
        server.end(signal.SIGHUP)
    assert folder.status() == "stopped" and not folder.is_held()
    assert folder.steps()[-1] == folder.ledger()[-1]["step"] >= folder.read_metrics()[-1, 0] > 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="ends it as POSIX systems do")
def test_the_queue_of_a_class_goes_on_when_its_server_starts_and_what_trains_is_saved_at_its_end(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    names, queue = ("20260101-0000-digits-1-aaaa", "20260101-0001-digits-2-bbbb"), KeptQueue(root)
    for name, steps in zip(names, (40, ENDLESS), strict=True):
        queue.add(Ticket(name, SMALL.replace(max_steps=steps), owner=person_of("a secret", "Ada", COLOURS[0])))
    queue.close()
    with kills_of_server.served(root, script="serve.py", WGAN_MODE="class", WGAN_TEACHER_KEY="a long secret") as server:
        folder = RunFolder.open(_begun(root / names[1]))  # although nobody has opened a page
        until(lambda: len(folder.read_metrics()) > 20)
        assert RunFolder.open(root / names[0]).status() == "finished" and folder.owner is not None and folder.owner.name == "Ada"
        server.end(signal.SIGTERM)
    assert folder.status() == "stopped" and not folder.is_held()
    assert folder.steps()[-1] == folder.ledger()[-1]["step"] > 0


def _begun(path: Path) -> Path:
    until((path / "config.json").exists)
    return path
