"""What the pages say of runs that waited when the server ended."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.shared.server import run_manager
from tests.app_page import buttons, page, press, texts
from tests.waiting import wait_for
from wgan_core.access.person import COLOURS, person_of
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder

ADA = person_of("a", "Ada", COLOURS[0])


def restart(manager: RunManager) -> RunManager:
    """The runs of a server that has been started again."""
    manager.shutdown()
    st.cache_resource.clear()
    return run_manager()


def queue_links(name: str) -> list[str]:
    return [link.proto.label for link in page(name).get("page_link") if "queue" in link.proto.label]


def test_after_a_restart_the_queue_says_so_and_goes_on_when_told(manager: RunManager, endless: Run, config: TrainConfig) -> None:
    first, second = (manager.start(config, queue=True) for _ in range(2))
    assert queue_links("home") == ["2 runs wait in the queue"]
    new = restart(manager)
    test = page("train")
    assert "2 runs were waiting when the playground was last closed. They begin when you say so." in texts(test)
    assert "It waited when the playground was last closed, and kept its place." in texts(page("train", run=first.run_id))
    waits = page("train", run=second.run_id).get("progress")[0].proto.text
    assert waits.startswith("Number 1 in the queue. Before it: ") and waits.endswith("since before the playground was last closed.")
    press(test, "Go on with the queue")
    for waited in (first, second):
        run = new.get(waited.run_id)
        assert run is not None
        wait_for(run, "finished")
    assert "when the playground was last closed" not in texts(page("train"))
    assert not queue_links("runs")


def test_a_file_of_the_queue_that_cannot_be_read_is_a_sentence(manager: RunManager, endless: Run, config: TrainConfig) -> None:
    manager.start(config, queue=True)
    manager.shutdown()
    (ticket,) = (manager.root / ".queue").glob("0*.json")
    ticket.write_text("{")
    restart(manager)
    test = page("train")
    (said,) = [one.value for one in test.warning]
    assert said.startswith("A run that waited cannot be read and will not begin. Its file is kept as damaged-00000001-")
    press(test, "I have read this")
    assert not test.warning


def test_in_a_class_it_goes_on_by_itself_and_a_showcase_starts_nothing(
    manager: RunManager, endless: Run, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = manager.start(config, queue=True, owner=ADA)
    monkeypatch.setenv("WGAN_MODE", "read only")
    new = restart(manager)
    assert [run.snapshot.status for run in new.all_active()] == ["queued"]
    test = page("train")
    assert not buttons(test, "Go on with the queue") or buttons(test, "Go on with the queue")[0].disabled
    monkeypatch.setenv("WGAN_MODE", "class")
    run = restart(new).get(waiting.run_id)
    assert run is not None
    wait_for(run, "finished")
    assert RunFolder.open(manager.root / waiting.run_id).owner == ADA
