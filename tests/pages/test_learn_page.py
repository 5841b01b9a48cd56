"""The Learn page, without a browser: the list of lessons, the way through one of them, and what is kept."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.learn import place, progress
from pages.parts.learn.progress import Progress
from tests.app_page import page, press, texts
from tests.small import SMALL_ON_POINTS
from wgan_core.lessons.asking import Choice, Judgement
from wgan_core.lessons.catalog import LESSONS
from wgan_core.lessons.points import Leg, Training
from wgan_core.lessons.step import PointTask, Step
from wgan_core.lessons.steps import STEPS


@pytest.fixture
def lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lesson on clipping, with a task that takes no time and whose verdict is the number that was measured."""

    def judge(guess: str, found: Any) -> Judgement:
        return Judgement(guess == ("up" if found["w1"] > 10 else "down"), f"It was {found['w1']:.6f}.")

    task = PointTask(
        question=Choice("Up or down?", {"up": "Up", "down": "Down"}),
        trainings=lambda guess, seed: (Training((f"guessed {guess}",), (SMALL_ON_POINTS.replace(seed=seed),), (Leg("both", 10),)),),
        measure=lambda outcomes: {"w1": outcomes[0].last().w1},
        judge=judge,
        explain=lambda found: f"Explained with {found['w1']:.6f}.",
    )
    steps = (Step("one", "First", "Words.", task), Step("two", "Second", "Words.", task), Step("on", "Last", "Why?"))
    monkeypatch.setitem(STEPS, "clipping", steps)
    monkeypatch.setattr("wgan_core.lessons.experiment.WATCHED_SECONDS", 0.001)


def run_to_the_end(test: AppTest) -> None:
    for _ in range(20):
        if "Measured with seed" in texts(test):
            return
        test.run()
    raise AssertionError(texts(test))


def test_the_list_has_every_lesson_with_its_sentence() -> None:
    shown = texts(page("learn"))
    for lesson in LESSONS.values():
        assert lesson.sentence in shown


@pytest.mark.parametrize("name", LESSONS)
def test_a_link_opens_a_lesson(name: str) -> None:
    assert page("learn", lesson=name).title[0].value == LESSONS[name].title


def test_a_link_to_a_lesson_that_does_not_exist_is_explained() -> None:
    test = page("learn", lesson="none")
    assert "This link names the lesson 'none', which does not exist." in test.warning[0].value
    assert test.title[0].value == "Learn"


@pytest.mark.parametrize(("step", "title"), [("2", "Second"), ("99", "First"), ("19", "Last"), ("x", "First"), ("0", "First")])
def test_a_link_opens_a_step(lesson: None, step: str, title: str) -> None:
    assert page("learn", lesson="clipping", step=step).subheader[0].value == title


@pytest.mark.usefixtures("lesson")
def test_predict_run_compare_and_go_on() -> None:
    test = page("learn", lesson="clipping")
    assert test.button(key="learn-run").disabled and test.button(key="learn-next").label == "Skip"
    test.radio[0].set_value("up").run()
    press(test, "Run")
    run_to_the_end(test)
    (result,) = test.session_state[progress._PROGRESS].results.values()
    assert result.guess == "up" and f"Not as you predicted.** It was {result.found['w1']:.6f}." in texts(test)
    assert f"Explained with {result.found['w1']:.6f}." in texts(test)
    # The same prediction with another seed: another number.
    press(test, "Run again with seed 1")
    run_to_the_end(test)
    (again,) = test.session_state[progress._PROGRESS].results.values()
    assert again.found["seed"] == 1 and again.found["w1"] != result.found["w1"]
    # The other prediction.
    test.radio[0].set_value("down").run()
    assert "Measured with" not in texts(test)
    press(test, "Run")
    run_to_the_end(test)
    assert "**As you predicted.**" in texts(test)
    press(test, "Next")
    assert test.subheader[0].value == "Second" and test.session_state[place._HERE] == place.Place("clipping", 2)
    press(test, "Skip")
    assert test.subheader[0].value == "Last"
    press(test, "Back")
    assert test.subheader[0].value == "Second"
    press(test, "Back")
    assert test.radio[0].value == "down" and "**As you predicted.**" in texts(test)  # what was measured is still there


@pytest.mark.usefixtures("lesson")
def test_without_a_prediction_there_is_nothing_to_compare() -> None:
    test = page("learn", lesson="clipping")
    press(test, "Run without a prediction")
    run_to_the_end(test)
    assert "predicted" not in texts(test) and "Explained with" in texts(test)


@pytest.mark.usefixtures("lesson")
def test_what_the_browser_kept_is_shown_again() -> None:
    kept = progress.Progress({"clipping": 2}, set(), {"clipping.one": progress.Result("down", {"w1": 0.25, "seed": 3.0})}, "clipping")
    test = page("learn", {progress._PROGRESS: progress.from_text(kept.to_text())}, lesson="clipping")
    assert test.radio[0].value == "down" and "It was 0.250000." in texts(test)
    assert [button.label for button in test.button if button.key == "learn-run"] == ["Run again with seed 4"]


def test_a_step_from_the_address_counts_only_when_the_address_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    params: dict[str, str] = {"lesson": "clipping", "step": "2"}
    state: dict[str, Any] = {}
    monkeypatch.setattr(place.st, "query_params", params)
    monkeypatch.setattr(place.st, "session_state", state)

    def shown(step: int | None = None) -> int | None:
        """The step that is shown; `step`: after it was chosen on the page."""
        if step is not None:
            place.go(place.Place("clipping", step))
        found = place.find_place()
        return found.step if found.lesson else None

    assert [shown(), shown(3)] == [2, 3]  # the browser has not heard of step 3 yet
    params["step"] = "3"
    assert [shown(4), shown(5)] == [4, 5]
    params["step"] = "4"  # it lags behind
    assert [shown(), shown(4)] == [5, 4]
    params["step"] = "5"
    assert shown() == 4
    params["step"] = "4"
    assert [shown(), shown(3)] == [4, 3]
    params["step"] = "1"  # a link
    assert shown() == 1
    params.clear()  # Learn in the navigation
    assert shown() is None
    assert shown(2) == 2
    params |= {"lesson": "clipping", "step": "2"}
    assert shown(1) == 1  # Back, with an address that only the page itself has changed


@pytest.mark.usefixtures("lesson")
def test_the_browser_is_told_of_the_step_that_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def component(*, data: Any, **_: Any) -> SimpleNamespace:
        told.append(data)
        return SimpleNamespace(kept=None)

    monkeypatch.setattr("pages.parts.learn.keeper._component", component)
    test = page("learn", {"learn-sent": True}, lesson="clipping")
    press(test, "Skip")
    assert told[-1]["place"] == {"lesson": "clipping", "step": "2"}
    assert json.loads(told[-1]["progress"])["reached"] == {"clipping": 2}


def test_what_the_browser_kept_joins_what_this_session_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.st, "session_state", {progress._PROGRESS: Progress({"noise": 1}, set(), {}, "noise")})
    progress.take_over(Progress({"noise": 3, "clipping": 2}, {"curve"}, {}, "clipping").to_text())
    assert progress.progress() == Progress({"noise": 3, "clipping": 2}, {"curve"}, {}, "noise")


# What a browser sends may be anything.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "1",
        '{"reached": 3, "ended": {}, "results": [1], "last": 7}',
        '{"reached": {"none": 1, "clipping": "2"}}',
        "[" * 99_999,
    ],
)
def test_what_cannot_be_used_is_left_out(text: str) -> None:
    assert progress.from_text(text) == progress.Progress()


def test_progress_survives_the_browser() -> None:
    mine = progress.Progress({"noise": 2}, {"noise"}, {"noise.a": progress.Result([0.0, 1.0], {"w1": 0.1})}, "noise")
    assert progress.from_text(mine.to_text()) == dataclasses.replace(mine)
    assert progress.from_text('{"results": {"a.b": {"guess": 1, "found": {"x": NaN, "y": "z"}}}}').results == {}
