"""The timeline in a real browser: moving its cursor needs no server, and the past stays in sight while a run trains."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

PROJECT = Path(__file__).parents[2]
GRID = "figure[data-held]"


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with a run that has ended."""
    runs = tmp_path_factory.mktemp("runs")
    shutil.copytree(PROJECT / "checkpoints" / "walkthrough-mnist", runs / "walkthrough-mnist")
    return streamlit_server(WGAN_RUNS_ROOT=str(runs))


def at(page: Any) -> str | None:
    """The step that the page's address names."""
    return page.evaluate("new URLSearchParams(location.search).get('at')")


def figure(page: Any) -> Any:
    return page.locator(GRID).first


def drag(page: Any, start: float, end: float) -> None:
    """Press the mouse on the track at one share of its width and move it to another."""
    box = page.locator(".timeline .track").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=15)


def test_moving_the_cursor_needs_no_server(url: str, browser_page: Any) -> None:
    page, sent = browser_page, []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
    page.goto(f"{url}/train?run=walkthrough-mnist")
    until(lambda: int(figure(page).get_attribute("data-held") or 0) > 2)
    page.locator(".wgan-chart .main-svg").first.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget], [data-stale=true], .stSkeleton')")
    canvas, caption = figure(page).locator("canvas"), figure(page).locator("figcaption")
    sent.clear()
    drag(page, 0.1, 0.2)
    canvas.wait_for()
    first = caption.inner_text()
    assert re.match(r"Generated images at step [\d,]+", first)
    drag(page, 0.2, 0.02)
    until(lambda: caption.inner_text() != first)
    assert page.locator(".wgan-chart-cursor:visible").count() >= 1  # on the curves too
    assert sent == [] and at(page) is None
    page.mouse.up()
    page.wait_for_function("() => /[?&]at=\\d/.test(location.search)")
    assert sent
    page.get_by_text(re.compile(r"^At step [\d,]+:$")).wait_for()  # the lights say what they are about
    # The same address shows the same step.
    address, words = page.evaluate("location.href"), page.locator(".timeline .words").inner_text()
    assert words.startswith("You are looking at step")
    page.goto("about:blank")
    page.goto(address)
    until(lambda: page.locator(".timeline .words").inner_text() == words)
    # A click on a curve moves the cursor, and End brings it back.
    before = at(page)
    chart = page.locator(".wgan-chart").first
    chart.locator(".main-svg").first.wait_for()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.move(box["x"] + 0.62 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    chart.locator(".hoverlayer .legend, .hoverlayer .hovertext").first.wait_for()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("before => new URLSearchParams(location.search).get('at') !== before", arg=before)
    page.locator(".timeline .track").press("End")
    page.wait_for_function("() => !location.search.includes('at=')")
    figure(page).locator("img").wait_for()


def test_the_past_stays_in_sight_while_the_run_trains(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/train?preset=quick-start&max_steps=1000000")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("() => location.search.includes('run=')")
    page.get_by_text("images/s").wait_for()  # it trains: from here on the page's parts stay what they are
    until(lambda: int(figure(page).get_attribute("data-held") or 0) > 3)
    canvas, track = figure(page).locator("canvas"), page.locator(".timeline .track")
    track.press("Home")
    canvas.wait_for()
    shown = figure(page).locator("figcaption").inner_text()
    end = int(track.get_attribute("aria-valuemax"))
    until(lambda: int(track.get_attribute("aria-valuemax")) > end + 20)  # several live updates later
    until(lambda: canvas.is_visible() and figure(page).locator("figcaption").inner_text() == shown)
    assert page.locator(".timeline .words").inner_text().startswith("You are looking at step")
    page.get_by_role("button", name="Back to live").click()
    figure(page).locator("img").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name=re.compile("Resume from step")).wait_for()


def test_a_step_is_branched_in_three_presses(url: str, browser_page: Any) -> None:
    """From the end of a run to the form of a branch at an earlier step."""
    page = browser_page
    page.goto(f"{url}/train?preset=quick-start&max_steps=300")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("() => location.search.includes('run=')")
    page.get_by_role("button", name=re.compile("Resume from step 300")).wait_for()
    field = page.locator(".timeline .typed input")
    field.fill("180")
    field.press("Enter")
    page.get_by_role("button", name="Branch from step 200 with …").click()
    page.get_by_text(re.compile(r"at step 200\.")).first.wait_for()
    page.get_by_role("button", name=re.compile("Train on from step 200")).wait_for()
    # Back returns to the run.
    page.go_back()
    page.wait_for_function("() => location.search.includes('run=')")
