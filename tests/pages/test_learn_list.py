"""The list of lessons, without a browser: what is done, and what comes next."""

from __future__ import annotations

from pages.parts.learn import progress
from pages.parts.learn.progress import Progress
from tests.app_page import page, press, texts
from wgan_core.lessons.catalog import LESSONS

NAMES = list(LESSONS)
KEY = progress._PROGRESS


def test_a_newcomer_begins_with_the_first_lesson() -> None:
    test = page("learn")
    assert "Done" not in texts(test) and "Begun" not in texts(test)
    press(test, f"Begin: {LESSONS[NAMES[0]].title}")
    assert test.title[0].value == LESSONS[NAMES[0]].title


def test_what_was_begun_goes_on_at_its_step() -> None:
    test = page("learn", {KEY: Progress({"noise": 3, "clipping": 2}, {"noise"}, {}, "clipping")})
    assert "Begun, at step 2" in texts(test) and texts(test).count("Done") == 1
    press(test, f"Continue: {LESSONS['clipping'].title}")
    assert test.title[0].value == LESSONS["clipping"].title and test.button(key="learn-back").disabled is False


def test_after_a_lesson_comes_the_first_that_is_not_done() -> None:
    test = page("learn", {KEY: Progress({"noise": 3, "distance": 3}, {"noise", "distance"}, {}, "distance")})
    assert test.button(key="learn-continue").label == f"Continue: {LESSONS[NAMES[2]].title}"


def test_at_the_end_there_is_nothing_left_to_continue() -> None:
    test = page("learn", {KEY: Progress(dict.fromkeys(NAMES, 3), set(NAMES), {}, NAMES[-1])})
    assert "You have done all lessons." in test.success[0].value and not [each for each in test.button if each.key == "learn-continue"]
