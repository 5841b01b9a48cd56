"""A class in a browser: who has no name yet is asked for it, and what they began goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_the_first_click_asks_once_and_goes_on(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    page.goto(streamlit_server(WGAN_MODE="class", WGAN_TEACHER_KEY="the teacher's secret"))
    question, start = page.get_by_role("dialog"), page.get_by_role("button", name="Quick start")
    start.click()
    question.get_by_text("What you have just begun goes on after that.").wait_for()
    assert not page.locator("[data-testid=stToast]").count()
    # Whoever closes the question has changed their mind.
    page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    page.get_by_role("button", name="Say who you are").click()
    question.get_by_text("The others see this name").wait_for()
    assert not question.get_by_text("goes on after that").count()
    page.keyboard.press("Escape")
    question.wait_for(state="hidden")
    # Whoever answers it has not.
    start.click()
    question.get_by_text("What you have just begun goes on after that.").wait_for()
    question.get_by_label("Name").fill("Ada")
    question.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/train?run=*")
    page.get_by_role("button", name="Stop").wait_for()  # which only its owner has
    assert not question.count()
