"""The laboratory in a real browser: it trains as fast as it is watched, holds still in the middle of a cycle, and takes drawings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.waiting import until

SMALL = "generator_widths=16&critic_widths=16"


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield streamlit_server(XDG_CACHE_HOME=str(tmp_path_factory.mktemp("cache")))


# The words of the experiments' names that go over more than one line.
BROKEN = """() => [...document.querySelectorAll('.st-key-lab-experiments button p')].flatMap((p) => {
    const text = p.firstChild;
    return [...text.data.matchAll(/\\S+/g)].filter((word) => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        return range.getClientRects().length > 1;
    }).map((word) => word[0]);
})"""


def looks(page: Any) -> int:
    return int(page.locator(".lab").get_attribute("data-looks"))


def updates(page: Any) -> int:
    return int(re.findall(r"Critic updates: ([\d,]+)\.", page.locator(".lab .caption").inner_text())[0].replace(",", ""))


def pixels(page: Any) -> str:
    """A hash of what the picture shows."""
    return page.locator(".lab .field").first.evaluate(
        """canvas => { const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let hash = 0; for (const value of data) hash = (hash * 31 + value) | 0; return String(hash); }"""
    )


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_it_goes_on_while_it_is_watched_and_pause_holds(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/lab?{SMALL}")
    page.get_by_text("Critic updates: 0. Generator updates: 0.").wait_for()
    untrained = pixels(page)
    page.get_by_role("radio", name="Full speed").click()
    press(page, "Play")
    # It asks for each look by itself: more than a few can only come from there.
    page.get_by_text(re.compile(r"Critic updates: [\d,]{3,}")).wait_for()
    begun = looks(page)
    until(lambda: looks(page) >= begun + 10)
    assert updates(page) > 100 and pixels(page) != untrained
    press(page, "Pause")
    page.get_by_role("button", name="Play").wait_for()
    page.wait_for_timeout(300)  # the last points are on their way
    stands, picture = updates(page), pixels(page)
    page.wait_for_timeout(1000)
    assert updates(page) == stands and pixels(page) == picture
    press(page, "Critic update")
    page.get_by_text(f"Critic updates: {stands + 1:,}.").wait_for()
    # The address holds the settings, so a reload begins the same experiment anew.
    page.reload()
    page.get_by_text("Critic updates: 0. Generator updates: 0.").wait_for()
    until(lambda: pixels(page) == untrained)


def test_slow_motion_stops_between_climb_and_clip(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/lab?{SMALL}&n_critic=2&clip_value=0.02&critic_lr=0.01")
    page.get_by_role("radio", name="Slow motion").click()
    seconds = page.get_by_role("slider", name="Seconds per stage in slow motion")
    seconds.press("End")  # time enough to press Pause within a stage, on a busy machine too
    page.wait_for_function("thumb => thumb.value === '5'", arg=seconds.element_handle())
    press(page, "One cycle")
    page.get_by_text("Critic update 1 of 2: climb").wait_for()
    press(page, "Pause")
    page.get_by_role("button", name="Play").wait_for()
    heading = page.locator(".lab .caption strong")
    stage = heading.inner_text()
    page.wait_for_timeout(6000)
    assert heading.inner_text() == stage == "Critic update 1 of 2: climb"
    assert "beyond ±c" in page.locator(".lab .layers").inner_text()
    assert page.locator(".lab .part.concerned").all_inner_texts() == ["critic", "estimate"]
    assert page.locator(".lab .beats i.now").all_inner_texts() == ["C"]
    press(page, "Play")
    page.get_by_text("Critic update 1 of 2: clip").wait_for()
    page.locator(".lab .layers.concerned").wait_for()
    assert "beyond ±c" not in page.locator(".lab .layers").inner_text()
    seconds.press("Home")
    page.get_by_text("Generator update: move").wait_for()


def test_points_drawn_with_the_mouse_are_trained_on(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/lab?{SMALL}")
    page.get_by_role("button", name="Points", exact=True).click()
    page.get_by_role("combobox", name="Real points").click()
    page.get_by_role("option", name="Drawn by you").click()
    pad = page.locator(".pad canvas")
    box = pad.bounding_box()
    for height in (0.3, 0.7):  # two strokes
        page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + height * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + height * box["height"], steps=20)
        page.mouse.up()
    drawn = int(page.locator(".pad output").inner_text().split()[0])
    assert drawn > 40
    page.get_by_role("button", name="Undo").click()
    left = int(page.locator(".pad output").inner_text().split()[0])
    assert 0 < left < drawn
    page.get_by_role("button", name="Train on these points").click()
    page.get_by_text("Critic updates: 0. Generator updates: 0.").wait_for()
    page.wait_for_url(re.compile(r"drawn=[\w-]+"))
    page.keyboard.press("Escape")
    press(page, "Critic update")
    page.get_by_text("Critic updates: 1.").wait_for()
    page.reload()
    page.get_by_text("Critic updates: 0. Generator updates: 0.").wait_for()
    page.get_by_role("button", name="Points", exact=True).click()
    page.get_by_text(f"{left} points").wait_for()


@pytest.mark.parametrize("experiment", ["first-look", "clip-against-penalty"])
def test_it_fits_a_narrow_dark_page(url: str, open_page: Callable[..., Any], experiment: str) -> None:
    page = open_page(viewport={"width": 800, "height": 1000}, color_scheme="dark")
    page.goto(f"{url}/lab?experiment={experiment}&{SMALL}")
    page.get_by_text("Critic updates: 0. Generator updates: 0.").wait_for()
    fields = page.locator(".lab .field")
    assert fields.count() == (2 if experiment == "clip-against-penalty" else 1)
    for index in range(fields.count()):
        box = fields.nth(index).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 800 and box["width"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 800


@pytest.mark.parametrize("width", [390, 800, 1200, 1280, 1440])
def test_the_names_of_experiments_are_broken_between_words_only(url: str, open_page: Callable[..., Any], width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    page.goto(f"{url}/lab")
    page.locator(".st-key-lab-experiments button p").last.wait_for()
    page.locator(".lab .field").first.wait_for()
    assert page.evaluate(BROKEN) == []
