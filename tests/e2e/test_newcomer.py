"""The newcomer's whole path in a real browser: press one button, watch, steer, reload, explore."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

PROJECT = Path(__file__).parents[2]

# The newest drawn value of the estimate and how far its curve reaches; null until Plotly has drawn.
CURVE = """() => {
  const chart = [...document.querySelectorAll('.wgan-chart')].find(c => (c.getAttribute('aria-label') || '').startsWith('Wasserstein'));
  if (!chart || !chart._fullData) return null;
  const line = chart._fullData.at(-1);
  return { reach: line.x.at(-1), shapes: (chart.layout.shapes || []).length, labels: (chart.layout.annotations || []).map(a => a.text) };
}"""


def curve(page: Any) -> dict[str, Any]:
    page.wait_for_function(f"({CURVE})() !== null")
    return page.evaluate(CURVE)


def picture(page: Any, alt: str) -> str:
    """Fingerprint of the pixels of the picture whose alt text begins with `alt`."""
    image = page.locator(f"img[alt^='{alt}']")
    image.wait_for()
    return image.evaluate(
        """async image => {
            // While it is decoded the next picture may take its place.
            for (let source = ''; source !== image.src; ) {
                source = image.src;
                await image.decode().catch(() => {});
            }
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
            return [canvas.width, canvas.height, data.reduce((sum, value, index) => (sum * 31 + value + index) % 1000000007, 7)].join();
        }"""
    )


def painted(page: Any) -> str:
    """The pixels that the generator in the browser has drawn; waits for the first."""
    page.locator(".explorer[data-drawn]").wait_for()
    return page.locator(".explorer .image").evaluate("canvas => canvas.toDataURL()")


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str]) -> str:
    return streamlit_server()


def test_from_the_first_click_to_your_own_image(url: str, browser_page: Any) -> None:
    page = browser_page
    # Start.
    page.goto(url)
    page.get_by_role("button", name="Quick start").click()
    page.wait_for_url(re.compile(r"/train\?run="))
    address = page.url
    first = picture(page, "64 generated images")

    # See it move.
    reach = curve(page)["reach"]
    until(lambda: curve(page)["reach"] > reach)
    until(lambda: picture(page, "64 generated images") != first)

    # Steer it.
    page.get_by_role("spinbutton", name="Clip value c").fill("0.02")
    page.get_by_role("spinbutton", name="Clip value c").press("Enter")
    until(lambda: curve(page)["labels"] == ["1"])
    assert curve(page)["shapes"] == 1

    # Leave and come back: another tab, only the address.
    page.goto("about:blank")
    page.goto(address)
    until(lambda: page.get_by_role("spinbutton", name="Clip value c").input_value() == "0.02")
    assert curve(page)["labels"] == ["1"]
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    page.get_by_role("button", name="Save now").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name=re.compile("Resume from step")).wait_for()

    # Explore it.
    page.get_by_role("link", name="Explore its latent space").click()
    before = painted(page)
    slider = page.get_by_role("slider", name="z1", exact=True)
    for _ in range(25):
        slider.press("ArrowRight")
    until(lambda: painted(page) != before)
    page.get_by_text("Moved: z1.").wait_for()
    page.get_by_text("49 images, generated once and played in your browser").wait_for()


def test_a_page_keeps_its_frame_when_its_address_is_the_first_thing_opened(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    """Streamlit's automatic discovery of pages/ would show it bare."""
    browser_page.goto(f"{streamlit_server()}/train?preset=walkthrough&n_critic=7")
    browser_page.get_by_role("link", name="Explore").wait_for()
    until(lambda: browser_page.get_by_role("spinbutton", name="n_critic").input_value() == "7")
    assert "n_critic=7" in browser_page.url


def test_a_shared_link_downloads_of_the_latent_and_the_picture(
    streamlit_server: Callable[..., str], browser_page: Any, open_page: Callable[..., Any]
) -> None:
    page = browser_page
    page.goto(f"{streamlit_server(WGAN_RUNS_ROOT=str(PROJECT / 'checkpoints'))}/explore?seed=0")
    page.get_by_role("spinbutton", name="Seed").fill("42")
    page.get_by_role("spinbutton", name="Seed").press("Enter")
    page.wait_for_url(re.compile("seed=42"))
    page.locator(".explorer .image[aria-label*='seed 42']").wait_for()
    shown = painted(page)
    for name, suffix in (("PNG", ".png"), ("Latent (.npy)", ".npy"), ("Latent as text", ".json"), ("GIF", ".gif")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        assert download.value.suggested_filename.endswith(suffix)
    other = open_page(color_scheme="dark", viewport={"width": 800, "height": 900})
    other.goto(page.url)
    other.locator(".explorer .image[aria-label*='seed 42']").wait_for()
    assert painted(other) == shown
