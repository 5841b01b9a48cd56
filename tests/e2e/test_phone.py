"""On a phone, 400 px wide: the first picture is above the fold, nothing is cut off, and no shortcut is shown that no phone can press."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
WIDTH, FOLD = 400, 800
PICTURES = {"": ".stImage img >> nth=1", "explore": ".explorer .image", "lab": ".lab .field", "paper": ".stImage img >> nth=0"}


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    runs = tmp_path_factory.mktemp("runs")
    shutil.copytree(PROJECT / "checkpoints" / "walkthrough-mnist", runs / "walkthrough-mnist")
    return streamlit_server(WGAN_RUNS_ROOT=str(runs))


@pytest.mark.parametrize("path", PICTURES)
def test_the_first_picture_is_above_the_fold(url: str, open_page: Callable[..., Any], path: str) -> None:
    page = open_page(viewport={"width": WIDTH, "height": FOLD})
    page.goto(f"{url}/{path}")
    picture = page.locator(PICTURES[path])
    picture.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_timeout(500)
    box = picture.bounding_box()
    assert box["y"] < FOLD - 100 and box["x"] >= 0 and box["x"] + box["width"] <= WIDTH
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= WIDTH
    assert not any(key.is_visible() for key in page.locator("kbd").all())
