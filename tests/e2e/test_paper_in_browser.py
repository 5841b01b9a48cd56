"""A paper's result in a real browser: run it, watch it, see what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.waiting import until


def test_results_are_computed_one_after_the_other_and_drawn(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{streamlit_server()}/paper")
    first, second = (page.locator(f".st-key-paper-{name}") for name in ("boundary", "gaussians"))
    # The lower one first: what is watched is what computes, wherever it stands on the page.
    for section in (first, second):
        section.get_by_role("button", name="Run", exact=True).click()
        section.get_by_role("button", name="Stop").wait_for()
    for section in (first, second):
        section.get_by_text("Seed 0, computed in").wait_for(timeout=120_000)
        assert section.get_by_text("reproduced", exact=True).is_visible()
    # While a section is drawn anew, what it showed before stands beside it for a moment.
    until(lambda: [section.locator("table tbody tr").count() for section in (first, second)] == [4, 5])
    page.wait_for_function("() => document.querySelector('.st-key-paper-gaussians .wgan-chart')?._fullData?.length === 6")
    # They stay for whoever comes next.
    page.reload()
    second.get_by_role("button", name="Run again").wait_for()
    assert first.get_by_role("button", name="Run again").is_enabled()
