"""The Diagnosis tab of a run that trains, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# Where the lines at ±c stand in the histograms of the critic's weights.
LINES = """() => { const chart = document.querySelector('.st-key-chart-boundary .wgan-chart');
  return chart?._fullLayout ? [...new Set(chart.layout.shapes.map(shape => Math.abs(shape.x0)))] : null; }"""


def test_a_run_is_diagnosed_while_it_trains_and_its_clip_lines_move_with_c(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    settings = "image_size=8&generator_widths=16&critic_widths=16,8&clip_value=0.02&max_steps=1000000000&instruments_budget=20"
    page.goto(f"{streamlit_server()}/train?{settings}")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("tab", name="Diagnosis").click()
    page.get_by_text("Does it learn?").wait_for()
    page.get_by_text("What the instruments have measured").click()
    page.get_by_text("How far from real data").wait_for()
    page.wait_for_function(LINES, timeout=60_000)
    assert page.evaluate(LINES) == [0.02]
    page.get_by_role("tab", name="Training").click()  # where the knobs are
    page.get_by_role("spinbutton", name="Clip value c").fill("0.05")
    page.get_by_role("spinbutton", name="Clip value c").press("Enter")
    page.get_by_text("was .02").wait_for()
    page.get_by_role("tab", name="Diagnosis").click()
    page.wait_for_function(f"() => ({LINES})()?.[0] === 0.05", timeout=60_000)
    page.get_by_role("button", name="Check for lag").click()
    page.get_by_text("after 200 more updates").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name=re.compile("Resume from step")).wait_for()
