"""The timeline of a run's page: what it shows of the run, where the address says its cursor is, and what the browser holds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from pages.components import moment_picture, timeline
from pages.components.moment_picture import coarse_to_fine, to_send
from pages.components.timeline import Mark, moved_to
from pages.parts.train import time_view
from pages.shared import run_time
from tests.app_page import link, page, texts
from tests.waiting import wait_for, wait_while_it_trains
from wgan_core.config import TrainConfig
from wgan_core.runs.best import NAMED
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Pause, SaveNow, Set
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder, run_path
from wgan_core.timeline.pins import pin
from wgan_core.timeline.reading import Timeline


class Browser:
    """What the browser is told about the time of a run, and what it sends."""

    def __init__(self) -> None:
        self.track: Any = None
        self.told: dict[str, Any] = {}

    def mount(self, track: timeline.Track, **told: Any) -> None:
        self.track, self.told = track, told

    def marks(self, kind: str) -> list[int]:
        return [mark.step for mark in self.track.marks if mark.kind == kind]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    browser = Browser()
    monkeypatch.setattr(time_view, "timeline", browser.mount)
    return browser


def test_a_run_has_a_timeline_with_what_it_keeps(manager: RunManager, finished: Run, browser: Browser) -> None:
    test = page("train", run=finished.run_id)
    assert not test.exception
    folder = RunFolder.open(run_path(manager.root, finished.run_id))
    assert (browser.track.end, browser.track.training, browser.told["at"]) == (60, False, None)
    assert browser.marks("full") == list(folder.steps()) and {0, *folder.samples()} <= set(browser.track.stops)
    assert browser.track.steps[0] == 1 and browser.track.steps[-1] == 60
    assert "At step" not in texts(test)


def test_the_address_moves_the_cursor_and_the_lights_say_what_they_are_about(manager: RunManager, finished: Run, browser: Browser) -> None:
    test = page("train", run=finished.run_id, at="30")
    assert browser.told["at"] == 30
    assert "At step 30:" in texts(test)
    assert link(test)["at"] == "30"


@pytest.mark.parametrize(("named", "sentence"), [("999", "the run ends at step 60, which is shown"), ("-4", "'-4'"), ("soon", "'soon'")])
def test_a_step_that_cannot_be_shown(manager: RunManager, finished: Run, browser: Browser, named: str, sentence: str) -> None:
    test = page("train", run=finished.run_id, at=named)
    assert browser.told["at"] is None and sentence in test.warning[0].value and not test.exception


def test_the_step_of_a_run_that_is_gone(manager: RunManager, browser: Browser) -> None:
    test = page("train", run="20260101-0000-digits-1-aaaa", at="30")
    assert "may have been deleted or moved" in test.error[0].value and not test.exception


def test_edits_saves_and_the_settings_in_force(manager: RunManager, endless: Run, browser: Browser) -> None:
    wait_while_it_trains(endless, lambda: endless.snapshot.step > 5)
    endless.send(Set({"n_critic": 7}))
    wait_while_it_trains(endless, lambda: bool(endless.snapshot.edits))
    (edit,) = endless.snapshot.edits
    endless.send(SaveNow())
    wait_while_it_trains(endless, lambda: endless.snapshot.step > edit.step + 5 and len(endless.snapshot.saved_steps) > 0)
    test = page("train", run=endless.run_id)
    assert browser.track.training
    (mark,) = [mark for mark in browser.track.marks if mark.kind == "edit"]
    assert mark == Mark(edit.step, "edit", "n_critic: 3 → 7")
    assert browser.track.settings == [(0, "n_critic 3"), (edit.step + 1, "n_critic 7")]
    snapshot = endless.snapshot
    assert run_time.config_then(snapshot, edit.step).n_critic == 3 and run_time.config_then(snapshot, edit.step + 1).n_critic == 7
    then = run_time.as_of(snapshot, edit.step)
    assert not then.edits and then.step == edit.step == then.history[-1, 0] and then.config.n_critic == 3
    assert not test.exception


def test_only_a_run_that_trains_and_is_seen_live_has_a_number_of_now(manager: RunManager, endless: Run, browser: Browser) -> None:
    wait_while_it_trains(endless, lambda: endless.snapshot.step > 5)
    assert "now " in texts(page("train", run=endless.run_id)) and not browser.track.paused
    assert "newest " in (shown := texts(page("train", run=endless.run_id, at="2"))) and "now " not in shown
    endless.send(Pause())
    wait_for(endless, "paused")
    assert "newest " in (shown := texts(page("train", run=endless.run_id))) and "now " not in shown
    assert browser.track.paused and browser.track.training


def test_the_best_step_is_named(manager: RunManager, finished: Run, browser: Browser) -> None:
    folder = RunFolder.open(manager.root / finished.run_id)
    pin(folder, 60, f"{NAMED}Sliced W1: 0.0286 ± 0.008")
    page("train", run=finished.run_id)
    assert browser.track.held.startswith("Best step: 60, Sliced W1: 0.0286 ± 0.008. Kept: ")


def test_where_the_cursor_comes_to_rest_is_in_the_address(manager: RunManager, finished: Run, browser: Browser) -> None:
    test = page("train", run=finished.run_id)
    assert "at" not in link(test)
    assert [moved_to(sent) for sent in ({"step": 3}, {"step": None}, {"step": -1}, {"step": True}, {}, 7, {"step": "x"})] == [
        3,
        None,
        *[False] * 5,
    ]


# Pictures that the browser holds.


def kept(*steps: int, size: int = 10) -> Mapping[int, tuple[str, Any]]:
    return {step: ("0", lambda step=step: bytes([step % 256]) * size) for step in steps}


def test_each_picture_is_sent_once_and_those_that_were_lost_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known: set[str] = set()
    first = to_send(kept(0, 100, 200), known)
    assert [name for name, _ in first] == ["200:0", "0:0", "100:0"]
    known.update(name for name, _ in first)
    assert to_send(kept(0, 100, 200), known) == []
    assert [name for name, _ in to_send(kept(0, 100, 200, 300), known)] == ["300:0"]
    known.discard("100:0")
    assert [name for name, _ in to_send(kept(0, 100, 200), known)] == ["100:0"]
    monkeypatch.setattr(moment_picture, "BYTES_PER_MESSAGE", 25)
    assert len(to_send(kept(*range(50)), set())) == 3


def test_a_picture_that_has_just_been_thinned_out_is_left_out() -> None:
    def gone() -> bytes:
        raise FileNotFoundError

    assert to_send({0: ("0", gone), 5: ("0", lambda: b"x")}, set()) == [("5:0", b"x")]


def test_from_coarse_to_fine() -> None:
    assert coarse_to_fine(0) == [] and coarse_to_fine(1) == [0] and coarse_to_fine(5) == [4, 0, 2, 1, 3]
    assert sorted(coarse_to_fine(100)) == list(range(100))


def test_a_page_sends_the_pictures_of_a_run_only_once(manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = manager.start(config)
    wait_for(run, "finished")
    messages: list[bytes] = []
    monkeypatch.setattr(moment_picture, "_component", lambda *, data, **_: messages.append(data))
    test = page("train", run=run.run_id)
    held = test.session_state[f"moments-sent:{run.run_id}"]
    moments = Timeline.of(RunFolder.open(run_path(manager.root, run.run_id))).moments
    assert held == {f"{moment.step}:0" for moment in moments if moment.grid} and len(held) > 3
    test.run()
    assert len(messages) >= 2 and len(messages[-1]) < len(messages[0])


def test_an_address_from_before_a_move_does_not_undo_it(manager: RunManager, finished: Run, browser: Browser) -> None:
    """A redraw that was asked for before the browser heard of its new address."""
    moved = run_time._Move(finished.run_id, "", 30, time.monotonic())
    test = page("train", {run_time._MOVED: moved}, run=finished.run_id)
    assert browser.told["at"] == 30 and link(test)["at"] == "30"
    page("train", {run_time._MOVED: moved}, run=finished.run_id, at="20")  # another link
    assert browser.told["at"] == 20
    page("train", {run_time._MOVED: moved._replace(when=moved.when - 60)}, run=finished.run_id)  # long ago: the end is meant
    assert browser.told["at"] is None
