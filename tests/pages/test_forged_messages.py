"""What a browser sends without being offered it, through the websocket of a real server: as nobody, as another, and as the owner."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests import kills_of_server
from tests.bare_client import BareClient, pressed
from tests.waiting import until
from wgan_core.store.folder import RunFolder, run_ids


def call(client: BareClient, name: str) -> None:
    """Say who is at this tab, as the form does."""
    client.open("home").press("Say who you are")
    typed = WidgetState(id=client.widget("text_input", "Name").id, string_value=name)
    client.send(typed, pressed(client.widget("button", "Go on").id))
    assert client.open("home") and not client.errors


@pytest.mark.slow
def test_forged_presses_change_nothing_of_others(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    served = kills_of_server.served(root, WGAN_MODE="class", WGAN_TEACHER_KEY="a long secret", WGAN_MAX_STEPS="0")
    with served as server, BareClient(server.url) as ada, BareClient(server.url) as bob, BareClient(server.url) as nobody:
        call(ada, "Ada")
        call(bob, "Bob")
        path = kills_of_server.go_on(ada, root, 10**6)
        until((path / "config.json").exists)
        folder = RunFolder.open(path)
        ada.open("train", run=path.name)
        ids = {label: ada.widget("button", label).id for label in ("Pause", "Stop", "Save now", "Step")}
        for other in (nobody, bob):
            other.open("train", run=path.name)
            for widget_id in ids.values():
                other.send(pressed(widget_id))
            assert not other.errors
        nobody.open("train", **kills_of_server.link(10**6)).press("Start training")
        nobody.open("home").press("Quick start")
        nobody.open("runs")
        assert not nobody.errors and run_ids(root) == [path.name] and folder.is_held()
        assert not [entry for entry in folder.ledger() if entry.get("by") or entry.get("status") not in (None, "running")]

        ada.send(pressed(ids["Stop"]))  # the same message from its owner
        until(lambda: not folder.is_held())
        assert (folder.status(), folder.ledger()[-1]["by"]) == ("stopped", "Ada")
