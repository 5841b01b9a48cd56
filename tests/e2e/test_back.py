"""The browser's Back button: it leaves a page at the first press, whatever was done on it, and returns to what a page showed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str]) -> str:
    return streamlit_server(WGAN_RUNS_ROOT=str(PROJECT / "checkpoints"))


def address(page: Any) -> str:
    return page.evaluate("location.href")


def test_back_leaves_explore_after_pins_and_random_latents(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(url)
    page.get_by_role("link", name="Explore").first.click()
    page.wait_for_url(re.compile("seed="))
    for _ in range(3):
        before = address(page)
        page.get_by_role("button", name="New random").click()
        until(lambda before=before: address(page) != before)
    page.get_by_role("button", name="Pin").first.click()
    page.wait_for_url(re.compile("pins="))
    left = address(page)
    page.go_back()
    page.get_by_role("button", name="Quick start").wait_for()
    assert page.url == f"{url}/"
    page.go_forward()
    page.get_by_role("button", name="New random").wait_for()
    until(lambda: address(page) == left)


@pytest.mark.parametrize("path", ["lab", "lab?n_critic=3", "train", "explore", "paper"])
def test_back_leaves_a_page_that_was_opened_by_its_address(url: str, browser_page: Any, path: str) -> None:
    """Although the page has completed its address by itself."""
    page = browser_page
    page.goto(url)
    page.locator("h1").wait_for()
    page.goto(f"{url}/{path}")
    page.locator("h1").wait_for()
    if path != "paper":
        page.wait_for_url(re.compile(r"[?&](experiment|preset|seed)="))
    page.wait_for_timeout(1000)  # an entry of the history that came too late would be there by now
    page.go_back()
    assert page.url == f"{url}/"


def test_another_run_is_another_entry(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/train?run=walkthrough-mnist")
    page.get_by_role("button", name="New run").click()
    page.wait_for_url(re.compile("preset="))
    page.wait_for_timeout(500)
    page.go_back()
    page.wait_for_url(re.compile("run=walkthrough-mnist"))
