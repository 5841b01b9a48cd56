"""The run's page in a real browser: where things are, that nothing moves them, and steering with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import until

GRID = "img[alt^='64 generated images']"


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str]) -> str:
    return streamlit_server()


@pytest.fixture
def page(url: str, browser_page: Any) -> Any:
    """A quick start that trains."""
    browser_page.set_default_timeout(60_000)
    browser_page.goto(f"{url}/train?preset=quick-start&max_steps=1000000")
    browser_page.get_by_role("button", name="Start training").click()
    browser_page.wait_for_url(re.compile(r"/train\?run="))
    browser_page.locator(GRID).wait_for()
    yield browser_page
    browser_page.get_by_role("button", name="Stop", exact=True).click()
    browser_page.get_by_role("button", name=re.compile("Resume from step")).wait_for()


def test_the_samples_come_first_and_a_warning_moves_nothing(page: Any) -> None:
    tops = {}
    for width, height, fold in ((1440, 900, 320), (800, 900, 510), (400, 800, 580)):
        page.set_viewport_size({"width": width, "height": height})
        page.get_by_text("images/s").wait_for()  # the progress is as long as it gets
        tops[width] = page.locator(GRID).bounding_box()["y"]
        assert tops[width] < fold, width
    page.set_viewport_size({"width": 1440, "height": 900})
    knob = page.get_by_role("spinbutton", name="Critic learning rate")
    before = knob.bounding_box()["y"]
    knob.fill("0.5")
    knob.press("Enter")
    message = page.get_by_role("alert").filter(has_text="The critic's learning rate is too high")
    message.wait_for()
    assert page.locator(GRID).bounding_box()["y"] == pytest.approx(tops[1440], abs=2)
    assert knob.bounding_box()["y"] == pytest.approx(before, abs=2)
    box, free = message.bounding_box(), knob.bounding_box()
    assert box["y"] + box["height"] <= 900 and box["x"] + box["width"] <= free["x"]  # in sight, beside the knobs


def test_a_knob_is_turned_with_the_keyboard_and_set_back(page: Any) -> None:
    slider, field = page.get_by_role("slider", name="n_critic"), page.get_by_role("spinbutton", name="n_critic")
    assert (field.input_value(), slider.get_attribute("aria-valuetext")) == ("3", "3")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    # One edit if the keys come quickly one after the other, which a slow machine may not manage.
    edit = page.get_by_text(re.compile(r"n_critic \d → 7")).first
    was = edit.inner_text().split("n_critic ")[1][0]
    page.get_by_role("button", name=f"n_critic was {was}: set it back").click()
    until(lambda: field.input_value() == was)
    page.get_by_text(f"n_critic 7 → {was}").first.wait_for()
    field.fill("0")
    field.press("Enter")
    page.get_by_text("n_critic must be a whole number from 1 to 1,000, not '0'.").wait_for()
    page.get_by_role("button", name="About n_critic").click()
    assert page.get_by_text("Critic updates per generator update, counted since").is_visible()


def test_what_is_open_stays_open_while_it_trains(page: Any) -> None:
    page.get_by_role("button", name="View").click()
    toggle = page.get_by_text("Show every spike in full")
    toggle.wait_for()
    shown = page.locator(GRID).get_attribute("alt")
    until(lambda: page.locator(GRID).get_attribute("alt") != shown)
    assert toggle.is_visible()
    page.keyboard.press("Escape")
    expander = page.get_by_text("Export as program, network, table or TensorBoard files")
    expander.click()
    page.get_by_text("Format").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    assert page.get_by_text("Format").is_visible()
