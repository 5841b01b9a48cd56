"""Computes the paper results and draws the pictures that the page shows before anything is computed. Takes some minutes:

    python -m tests.e2e.paper_pictures            # all of them, seed 0
    python -m tests.e2e.paper_pictures lines      # one

For each result: two small pictures, light and dark, and an entry in results.json with seed, date, seconds and the measured numbers.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import plotly.graph_objects as go
from PIL import Image
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

from pages.parts.paper.last_results import FOLDER, HEIGHTS_PX, RECORD
from tests.e2e.conftest import LAUNCH_ARGS, find_chromium
from wgan_core.paper import NAMES, run

WIDTH_PX, SCALE = 1000, 1.5
THEMES = {  # those of .streamlit/config.toml: ground, text, grid
    "light": ("#ffffff", "#141c26", "#cfd5d8"),
    "dark": ("#0f141b", "#e3e8ee", "#3a4451"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without a name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in options.names or NAMES:
        result = run(name, options.seed)
        with drawing_page() as page:
            for theme in THEMES:
                (FOLDER / f"{name}-{theme}.webp").write_bytes(drawn(page, result.figure, theme, HEIGHTS_PX[name]))
        record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
        record[name] = {
            "date": f"{datetime.date.today()}",
            **{key: result.as_dict()[key] for key in ("seed", "seconds", "passed", "checks")},
        }
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{name}: {'reproduced' if result.passed else 'NOT reproduced'} in {result.seconds:.0f} s", flush=True)


@contextmanager
def drawing_page() -> Generator[Any]:
    """A page with Plotly and an empty place for a figure."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGS)
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": 800}, device_scale_factor=SCALE)
        page.set_content("<body style='margin: 0'><div id='figure'></div></body>")
        page.add_script_tag(content=get_plotlyjs())
        yield page
        browser.close()


def drawn(page: Any, figure: go.Figure, theme: str, height: int) -> bytes:
    """The figure as a WebP file."""
    ground, text, grid = THEMES[theme]
    figure = go.Figure(figure)
    figure.update_layout(template="none", width=WIDTH_PX, height=height, paper_bgcolor=ground, plot_bgcolor=ground)
    figure.update_layout(font={"color": text, "family": "system-ui, sans-serif", "size": 14})
    figure.update_xaxes(gridcolor=grid, linecolor=grid, zerolinecolor=grid)
    figure.update_yaxes(gridcolor=grid, linecolor=grid, zerolinecolor=grid)
    page.evaluate(
        "async figure => Plotly.newPlot('figure', figure.data, figure.layout, { staticPlot: true })", json.loads(figure.to_json() or "")
    )
    picture = Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH_PX, "height": height}))).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=82, method=6)
    return file.getvalue()


if __name__ == "__main__":
    main()
