"""What only a browser shows of a comparison: the edge between pictures, the cursor in all charts, the legend, the saved picture."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

PROJECT = Path(__file__).parents[2]
NAMES = ("walkthrough-mnist", "walkthrough-fashion-mnist")
ADDRESS = f"compare?runs={','.join(NAMES)}&curves=wasserstein_estimate"

EDGE = """() => {
  const wipe = [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot?.querySelector(".wipe")).find(Boolean);
  return wipe?.style.getPropertyValue("--edge");
}"""
INKED = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
ELEMENTS = """(selector => [...document.querySelectorAll("*")]
  .flatMap(({ shadowRoot }) => [...(shadowRoot?.querySelectorAll(selector) ?? [])]))"""
STEPS = f"() => JSON.stringify({ELEMENTS}('figure[data-held], .wipe canvas').map(({{ dataset }}) => Number(dataset.step)))"
HELD = f"() => JSON.stringify({ELEMENTS}('figure[data-held]').map(({{ dataset }}) => Number(dataset.held)))"
LINES = "() => [...document.querySelectorAll('.wgan-chart-cursor')].map(({ style, hidden }) => hidden ? '' : style.transform)"


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with copies of the runs that come with the project."""
    runs = tmp_path_factory.mktemp("runs")
    for name in NAMES:
        shutil.copytree(PROJECT / "checkpoints" / name, runs / name)
    return streamlit_server(WGAN_RUNS_ROOT=str(runs))


@pytest.fixture
def page(url: str, browser_page: Any) -> Any:
    browser_page.goto(f"{url}/{ADDRESS}")
    browser_page.locator(".wgan-chart .main-svg").first.wait_for()
    browser_page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget], [data-stale=true], .stSkeleton')")
    return browser_page


def test_the_edge_follows_mouse_and_keyboard(page: Any) -> None:
    edge = page.get_by_label("Edge between")
    edge.scroll_into_view_if_needed()
    page.wait_for_function(f"({EDGE})() === '50%'")
    edge.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"({EDGE})() === '60%'")
    page.keyboard.press("Home")
    page.wait_for_function(f"({EDGE})() === '0%'")
    box = edge.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_function(f"Math.abs(parseFloat(({EDGE})()) - 80) <= 2")
    left, right = page.get_by_label("Edge between").locator("xpath=..").locator("canvas").all()
    assert {picture.evaluate(INKED) for picture in (left, right)} == {True}


def test_the_cursor_moves_in_the_charts_at_once_and_then_in_the_address(page: Any) -> None:
    page.wait_for_function(f"({LINES})().some(Boolean)")
    before = page.evaluate(LINES)
    slider = page.get_by_label("Cursor along the axis")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"before => JSON.stringify(({LINES})()) !== before", arg=_json(before))
    # 30 of 1,000 stops to the left of 120,000, and not fewer, although the server has answered in between.
    page.wait_for_function("() => new URLSearchParams(location.search).get('at') === '116400'")
    page.get_by_text("at step 116,400").first.wait_for()
    chart = page.locator(".wgan-chart").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".wgan-chart .hoverlayer .hovertext, .wgan-chart .hoverlayer .legend").first.wait_for()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("() => Number(new URLSearchParams(location.search).get('at')) < 90000")


def _json(value: list[Any]) -> str:
    import json

    return json.dumps(value, separators=(",", ":"))


def test_pictures_follow_the_cursor_while_it_is_dragged_without_the_server(page: Any) -> None:
    first, second = (pictured(PROJECT / "checkpoints" / name) for name in NAMES)
    page.wait_for_function(f"wanted => ({HELD})() === wanted", arg=_json([len(first), len(second)]))
    address = page.evaluate("location.href")
    slider = page.get_by_label("Cursor along the axis")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    left, height = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(left + box["width"] * 0.9, height)
    page.mouse.down()
    for share in (0.5, 0.3, 0.02):
        page.mouse.move(left + box["width"] * share, height, steps=4)
        page.wait_for_function("([slider, most]) => Number(slider.value) < most", arg=[slider.element_handle(), 1000 * share + 50])
        at = int("".join(filter(str.isdigit, slider.get_attribute("aria-valuetext"))))
        one, other = (min(steps, key=lambda step: (abs(step - at), step)) for steps in (first, second))
        # Side by side, and over each other: there the right one comes first.
        page.wait_for_function(f"wanted => ({STEPS})() === wanted", arg=_json([one, other, other, one]))
        page.get_by_text(f"Step {one:,}", exact=False).first.wait_for()
    assert page.evaluate("location.href") == address  # the server, which writes it, has not been told
    page.mouse.up()
    page.wait_for_function("() => Number(new URLSearchParams(location.search).get('at')) < 6000")
    page.wait_for_function(f"wanted => ({STEPS})() === wanted", arg=_json([one, other, other, one]))


def pictured(run: Path) -> list[int]:
    """The steps of which a run keeps a picture."""
    return sorted({int(file.stem) for folder in ("samples", "moments") for file in run.glob(f"{folder}/*[0-9].*")})


def test_the_legend_dims_all_other_runs_while_one_is_pointed_at_focused_or_pressed(page: Any) -> None:
    dimmed = "() => document.querySelectorAll('g.trace.wgan-chart-dim').length"
    entry = page.get_by_role("button", name=re.compile("^B "))
    entry.hover()
    page.wait_for_function(f"({dimmed})() > 0")
    assert page.evaluate(dimmed) < page.locator("g.trace").count()
    page.mouse.move(0, 0)
    page.wait_for_function(f"({dimmed})() === 0")
    entry.focus()
    page.wait_for_function(f"({dimmed})() > 0")
    page.keyboard.press("Enter")
    entry.evaluate("button => button.blur()")
    page.wait_for_function(f"({dimmed})() > 0")
    assert entry.get_attribute("aria-pressed") == "true"


def test_the_saved_picture_holds_charts_and_pictures(page: Any, tmp_path: Path) -> None:
    button = page.get_by_role("button", name="Save as PNG")
    button.scroll_into_view_if_needed()
    with page.expect_download() as download:
        button.click()
    download.value.save_as(tmp_path / "comparison.png")
    with Image.open(io.BytesIO((tmp_path / "comparison.png").read_bytes())) as picture:
        assert picture.size[0] == 1600 and picture.size[1] > 1200
        lower = picture.convert("L").crop((40, picture.size[1] - 400, 780, picture.size[1] - 60))
        assert lower.getextrema() == (0, 255)  # images of digits, black and white
