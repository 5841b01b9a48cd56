"""Figures of the timeline, by hand: `python -m tests.e2e.measure_timeline`. Times are this machine's; quote them with it.

While a quick start trains: how often the browser draws while its cursor is dragged over the whole run; how many bytes go to the server
meanwhile, apart from the request for an update that a page of a training run makes every second; and how long it takes from letting go to
what the server computes.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.e2e.measure import app, browser, say

GRID = "figure[data-held]"

# Drags the cursor over the track for three seconds, a move for each frame. Returns the frames drawn a second, in how many of them another
# picture was shown, and the longest pause in ms.
SCRUB = """async track => {
  const box = track.getBoundingClientRect(), figure = document.querySelector('figure[data-held]') ?? inShadows(document);
  function inShadows(root) {
    for (const element of root.querySelectorAll('*')) {
      const found = element.shadowRoot && (element.shadowRoot.querySelector('figure[data-held]') ?? inShadows(element.shadowRoot));
      if (found) return found;
    }
    return null;
  }
  const fire = (type, share) => track.dispatchEvent(new PointerEvent(type, {
    clientX: box.x + share * box.width, clientY: box.y + 5, button: 0, pointerId: 1, bubbles: true }));
  track.setPointerCapture = () => {};
  fire('pointerdown', 0);
  const begun = performance.now();
  let frames = 0, changes = 0, last = begun, longest = 0, shown = '';
  while (performance.now() < begun + 3000) {
    const share = 0.49 - 0.49 * Math.cos((performance.now() - begun) / 400);
    fire('pointermove', share);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    frames += 1;
    if (figure.dataset.step !== shown) { changes += 1; shown = figure.dataset.step; }
  }
  globalThis.letGo = () => fire('pointerup', 0.3);
  return [frames / 3, changes / 3, longest];
}"""

ANSWERED = """() => {
  globalThis.asked = performance.now();
  globalThis.letGo();
  return new Promise(resolve => {
    const look = () => {
      const text = [...document.querySelectorAll('.st-key-run-lights p')].map(p => p.innerText).join();
      if (text.includes('At step')) resolve(performance.now() - globalThis.asked);
      else requestAnimationFrame(look);
    };
    look();
  });
}"""


def timeline(page: Page, url: str, query: str, when: str) -> None:
    """The figures of one run."""
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    page.goto(f"{url}/train?{query}")
    if "preset" in query:
        page.get_by_role("button", name="Start training").click()
        page.wait_for_function("() => location.search.includes('run=')")
        page.get_by_text("images/s").wait_for()
        page.wait_for_timeout(15_000)
    page.locator(GRID).first.wait_for()
    page.wait_for_timeout(3000)
    track = page.locator(".timeline .track")
    rates = []
    for _ in range(3):
        sent.clear()
        rates.append(track.evaluate(SCRUB))
        of_polls = [data for data in sent if isinstance(data, bytes) and b"moved" not in data]
        asked = sum(len(data) for data in sent) - sum(map(len, of_polls))
        say(f"bytes to the server during a move of 3 s, {when}", f"{asked} (and {len(of_polls)} requests for the update of every second)")
        waited = page.evaluate(ANSWERED)
        say(f"from letting go to the lights of that step, {when}", f"{waited:.0f} ms")
        page.get_by_role("button", name="Back to").click()
        page.wait_for_timeout(2500)
    frames, changes, longest = (statistics.median(each) for each in zip(*rates, strict=True))
    held = page.locator(GRID).first.get_attribute("data-held")
    say(f"frames while scrubbing over {held} pictures, {when}", f"{frames:.0f}/s, {changes:.0f} new pictures/s, longest {longest:.0f} ms")


def server_part(run: Path) -> None:
    """What the server computes for a step, without the page."""
    import time

    from wgan_core.runs.run_data import data_of_run
    from wgan_core.store.folder import RunFolder
    from wgan_core.timeline.looks import health_at, scores_at
    from wgan_core.timeline.reading import Timeline

    folder = RunFolder.open(run)
    data, _ = data_of_run(folder, folder.config)
    kept = [moment.step for moment in Timeline.of(folder).moments if moment.full or moment.light]
    times: dict[str, list[float]] = {"scores": [], "critic's health": []}
    for step in kept:
        for name, look in (("scores", scores_at), ("critic's health", health_at)):
            begun = time.perf_counter()
            look(folder, step, data)
            times[name].append((time.perf_counter() - begun) * 1000)
    for name, found in times.items():
        say(
            f"{name} of a kept step of {run.name}, {len(found)} steps",
            f"median {statistics.median(found):.0f} ms, most {max(found):.0f} ms",
        )


def main() -> None:
    """Measure everything."""
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()}))
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        with app(runs) as server, browser() as page:
            page.set_default_timeout(60_000)
            timeline(page, server.url, "preset=quick-start&max_steps=1000000", "while it trains")
            run = page.evaluate("new URLSearchParams(location.search).get('run')")
            page.get_by_role("button", name="Stop", exact=True).click()
            page.get_by_role("button", name="Resume from").wait_for()
            timeline(page, server.url, f"run={run}", "after its end")
        server_part(runs / run)


if __name__ == "__main__":
    main()
