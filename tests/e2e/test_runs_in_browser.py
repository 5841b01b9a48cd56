"""The Runs page in a browser: selecting rows of the table, which only a browser can do, while rows move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.run_folders import make_run
from tests.small import SMALL

ROWS = "[data-testid=stDataFrame] table tbody tr"
# The texts of the second column, the runs' names; and of those rows that are selected.
NAMES = f"() => [...document.querySelectorAll('{ROWS}')].map((row) => row.querySelectorAll('td')[1]?.textContent)"
SELECTED = f"""() => [...document.querySelectorAll('{ROWS}')]
  .filter((row) => row.getAttribute('aria-selected') === 'true').map((row) => row.querySelectorAll('td')[1]?.textContent)"""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of three runs; the last one is the newest."""
    for day, name in enumerate("abc", 1):
        make_run(tmp_path / name, SMALL.replace(n_critic=day), created=f"2026-03-0{day}T00:00:00+00:00")
    return tmp_path


def at_row(page: Any, number: int) -> None:
    """Click the box at the left edge of a row, counted from 0."""
    table = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    page.mouse.click(table["x"] + 17, table["y"] + 36 + 56 * number + 28)


def test_a_selection_stays_with_its_runs_while_others_come(runs: Path, streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{streamlit_server(WGAN_RUNS_ROOT=str(runs))}/runs")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    page.wait_for_function(f"expected => JSON.stringify(({NAMES})()) === expected", arg='["c","b","a"]')
    at_row(page, 1)
    page.wait_for_function(f"() => JSON.stringify(({SELECTED})()) === '[\"b\"]'")
    page.get_by_role("button", name="Explore", exact=True).and_(page.locator(":enabled")).wait_for()

    make_run(runs / "d", SMALL, created="2026-03-09T00:00:00+00:00")
    page.get_by_role("button", name="Pin", exact=True).click()  # any action draws the table anew, with the new row, and b at the top
    page.wait_for_function(f"expected => JSON.stringify(({NAMES})()) === expected", arg='["★ b","d","c","a"]')
    page.wait_for_function(f"() => JSON.stringify(({SELECTED})()) === '[\"★ b\"]'")

    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_function(f"expected => JSON.stringify(({NAMES})()) === expected", arg='["d","c","a"]')
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"expected => JSON.stringify(({NAMES})()) === expected", arg='["★ b","d","c","a"]')
    page.wait_for_function(f"() => JSON.stringify(({SELECTED})()) === '[\"★ b\"]'")

    at_row(page, 1)
    page.get_by_role("button", name="Compare", exact=True).and_(page.locator(":enabled")).click()
    page.wait_for_url("**/compare?runs=b%2Cd")


def test_the_table_stays_where_it_is_when_runs_are_selected(
    runs: Path, streamlit_server: Callable[..., str], open_page: Callable[..., Any]
) -> None:
    """Otherwise a second click selects another run than the one aimed at, with Delete beside it."""
    (runs / "a" / "config.json").write_text("damaged")
    url = streamlit_server(WGAN_RUNS_ROOT=str(runs))
    for width in (1280, 800):
        page = open_page(viewport={"width": width, "height": 900})
        page.goto(f"{url}/runs")
        table = page.locator("[data-testid=stDataFrame] canvas").first
        page.wait_for_function(f"() => ({NAMES})().length === 3")
        page.get_by_text("Select runs at the left edge").wait_for()
        before = table.bounding_box()["y"]
        for row, says in enumerate(("1 run is selected.", "2 runs are selected.", "3 runs are selected.")):
            at_row(page, row)
            page.get_by_text(says).wait_for()
            assert table.bounding_box()["y"] == before
        page.get_by_text("config.json is damaged").wait_for()  # which is said below the table
        assert table.bounding_box()["y"] == before
