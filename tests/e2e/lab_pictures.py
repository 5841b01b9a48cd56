"""Makes the small pictures of the laboratory's experiments: `python -m tests.e2e.lab_pictures`. Takes some minutes.

Each experiment trains in the laboratory, in a browser, and its first panel is photographed after 2,000 critic updates.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from pages.shared.lab_pictures import FOLDER
from tests.e2e.conftest import LAUNCH_ARGS, find_chromium
from tests.e2e.measure import app
from wgan_core.lab.setup import EXPERIMENTS

UPDATES = 2000
SIDE_PX = 240
FIND_FIELD = ".lab .field"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with app(Path(tempfile.mkdtemp())) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGS)
        for theme in ("light", "dark"):
            context = browser.new_context(color_scheme=theme, viewport={"width": 1440, "height": 900})
            for name in EXPERIMENTS:
                page = context.new_page()
                page.goto(f"{server.url}/lab?experiment={name}")
                (FOLDER / f"{name}-{theme}.webp").write_bytes(trained(page))
                page.close()
                print(name, theme, flush=True)
        browser.close()


def trained(page: Any) -> bytes:
    """The picture as a WebP file."""
    page.locator(".lab .field").first.wait_for(timeout=60_000)
    page.get_by_text("Full speed").click()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "most => Number((document.querySelector('[data-testid=stMain]').innerText.match(/Critic updates: ([\\d,]+)/) ?? "
        "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.caption')?.textContent).filter(Boolean).join(' ')"
        ".match(/Critic updates: ([\\d,]+)/))[1].replaceAll(',', '')) >= most",
        arg=UPDATES,
        timeout=180_000,
    )
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(800)  # the points glide to their places
    field = page.locator(FIND_FIELD).first
    data = field.evaluate("canvas => canvas.toDataURL('image/png')")
    picture = Image.open(io.BytesIO(base64.b64decode(re.sub("^data:.*?,", "", data)))).convert("RGB")
    file = io.BytesIO()
    picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(file, "WEBP", quality=80, method=6)
    return file.getvalue()


if __name__ == "__main__":
    main()
