"""The list of lessons, without a browser: what is done, and what comes next."""

from __future__ import annotations

from pages.parts.learn import progress
from pages.parts.learn.progress import Progress
from tests.app_page import page, press, texts
from wgan_core.config import PRESETS
from wgan_core.export.program import script, write_program
from wgan_core.lessons.catalog import CODE_SENTENCE, CODE_TITLE, LESSONS

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


def test_the_code_is_one_link_away_and_leads_back_to_the_list() -> None:
    assert CODE_SENTENCE in texts(page("learn"))
    assert f" {script(write_program(PRESETS['walkthrough'])).count(chr(10))} lines" in CODE_SENTENCE
    test = page("learn", lesson="code")
    assert test.title[0].value == CODE_TITLE and [header.value for header in test.header][:2] == ["Settings", "The generator"]
    shown = "\n".join(element.value for element in test.code)
    assert "parameter.clamp_(-CLIP_VALUE, CLIP_VALUE)" in shown and "if __name__" in shown
    assert texts(test).count("**Critic update 1 of 5: ") == 4 and texts(test).count("**Generator update: ") == 2
    assert KEY not in test.session_state  # it is no lesson to continue
    press(test, "All lessons")
    assert test.title[0].value == "Learn"
