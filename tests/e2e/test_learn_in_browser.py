"""The Learn page in a real browser: a lesson to its end, kept after a reload, with the keyboard, on a narrow page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waiting import until

SLOW_MS = 300_000
"""A training is spread over 8 seconds, and takes longer on a busy machine."""


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str]) -> Iterator[str]:
    yield streamlit_server()


def run_to_the_end(page: Any) -> str:
    """Press Run and return what was said at the end."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Measured with seed 0.").wait_for(timeout=SLOW_MS)
    return str(page.locator(".st-key-learn-step").inner_text())


def test_a_lesson_is_predicted_run_compared_and_kept(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(url)
    page.get_by_role("link", name="Learn").first.click()
    page.wait_for_function("() => localStorage.getItem('wgan-learn') !== null")  # what the browser kept has been taken over
    page.get_by_role("link", name="How often the critic trains").click()
    page.get_by_text("larger than at the start").click()
    said = run_to_the_end(page)
    assert re.search(r"(As|Not as) you predicted", said) and "The distance (exact W1) went from 1.29 to" in said
    length = page.evaluate("history.length")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="How many are enough?").wait_for()
    page.wait_for_url(re.compile(r"lesson=n-critic&step=2"))
    assert page.evaluate("history.length") == length  # steps add nothing to the browser's history
    # Another session of the same browser: step and prediction are still there.
    page.goto(f"{url}/learn")
    page.get_by_role("button", name=re.compile("Continue: How often the critic trains")).click()
    page.get_by_role("heading", name="How many are enough?").wait_for()
    page.get_by_role("button", name="Back").click()
    page.get_by_text("Measured with seed 0.").wait_for()
    assert page.get_by_role("radio", name="larger than at the start").is_checked()
    # Back leaves the page at the first press.
    page.go_back()
    page.wait_for_url(re.compile(r"/learn(\?lesson=n-critic.*)?$|/$"))


def test_learn_in_the_navigation_shows_the_list_right_after_a_lesson_was_chosen(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/learn")
    for _ in range(2):
        page.get_by_role("button", name=re.compile("(Begin|Continue): ")).click()
        page.get_by_role("heading", name="From noise to picture").wait_for()
        page.wait_for_url(re.compile("lesson=noise"))
        page.get_by_role("link", name="Learn").first.click()
        page.get_by_role("heading", name="Learn", exact=True).wait_for()
        page.wait_for_function("() => location.search === ''")


def test_a_curve_is_drawn_with_the_keyboard(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/learn?lesson=curve")
    first = page.locator(".curve circle").first
    first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    until(lambda: first.get_attribute("aria-valuenow") == "60")
    run = page.get_by_role("button", name="Run", exact=True)
    until(run.is_enabled)
    assert "60" in str(first.get_attribute("aria-valuenow"))


@pytest.mark.parametrize("lesson", ["distance", "pictures"])
def test_what_is_no_laboratory_trains_too_and_fits_a_narrow_dark_page(url: str, open_page: Callable[..., Any], lesson: str) -> None:
    page = open_page(viewport={"width": 400, "height": 850}, color_scheme="dark")
    page.goto(f"{url}/learn?lesson={lesson}&step=1")
    assert "Measured" in run_to_the_end(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
