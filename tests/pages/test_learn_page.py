"""The Learn page, without a browser: the list of lessons and the way to each of them."""

from __future__ import annotations

import pytest

from tests.app_page import page, texts
from wgan_core.lessons.catalog import LESSONS


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
