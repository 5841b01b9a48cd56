"""Figures of the running app, by hand: `python -m tests.e2e.measure`. Times are this machine's; quote them with it.

Needs Chromium, and Fashion-MNIST in the data root for the speed of `walkthrough`.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import connect

from tests.e2e.conftest import LAUNCH_ARGS, Server, _launch, find_chromium
from wgan_core.store.folder import RunFolder


@contextlib.contextmanager
def app(runs: Path, environment: Mapping[str, str] = types.MappingProxyType({})) -> Iterator[Server]:
    """A fresh server whose runs lie in `runs`."""
    server = _launch(Path(__file__).parents[2] / "app.py", Path(tempfile.mkdtemp()), {"WGAN_RUNS_ROOT": str(runs), **environment})
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    """A page of 1440 × 900 px in Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGS)
        yield chromium.new_page(viewport={"width": 1440, "height": 900})
        chromium.close()


def say(what: str, figure: str) -> None:
    """One row of the table."""
    print(f"{what:<72} {figure}", flush=True)


def first_minute(runs: Path) -> None:
    """The newcomer's path by the clock."""
    with browser() as page:
        begun = time.perf_counter()
        with app(runs) as server:
            page.goto(server.url)
            page.get_by_role("button", name="Quick start").wait_for()
            say("from `streamlit run` to the first page", f"{time.perf_counter() - begun:.1f} s")
            pressed = time.perf_counter()
            page.get_by_role("button", name="Quick start").click()
            page.locator("img[alt^='64 generated images']").wait_for()
            say("from pressing Quick start to its first picture", f"{time.perf_counter() - pressed:.1f} s")
            page.get_by_role("spinbutton", name="Clip value c").fill("0.02")
            page.get_by_role("spinbutton", name="Clip value c").press("Enter")
            page.wait_for_timeout(2000)
            page.reload()
            page.locator("img[alt^='64 generated images']").wait_for()
            page.get_by_role("link", name="Explore its latent space").click()
            page.locator(".explorer[data-drawn]").wait_for()
            say("from the press to exploring the run (edit, 2 s, reload, explore)", f"{time.perf_counter() - pressed:.1f} s")


# Moves over the pad for three seconds, a new one as soon as the browser is ready for a frame: from each to the end of the drawing that it
# caused, in ms, and when each drawing ended.
DRAG = """async explorer => {
  const pad = explorer.querySelector('.pad'), box = pad.getBoundingClientRect(), waited = [], drawn = [];
  let moves = [];
  const observer = new MutationObserver(() => {
    const now = performance.now();
    waited.push(...moves.map(at => now - at));
    moves = [];
    drawn.push(now);
  });
  observer.observe(explorer, { attributes: true, attributeFilter: ['data-drawn'] });
  const begun = performance.now();
  for (let index = 0; performance.now() < begun + 3000; index++) {
    const [clientX, clientY] = [box.x + 100 + 60 * Math.sin(index / 20), box.y + 100 + 60 * Math.cos(index / 31)];
    pad.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY, bubbles: true }));
    moves.push(performance.now());
    await new Promise(requestAnimationFrame);
  }
  observer.disconnect();
  return [waited, drawn];
}"""


def pointer_to_pixels(runs: Path, training: bool) -> None:
    """While the pad is dragged, for one image and for 64."""
    with app(runs) as server, browser() as page:
        if training:
            page.goto(f"{server.url}/train?preset=walkthrough")
            page.get_by_role("button", name="Start training").click()
            page.locator("img[alt^='64 generated images']").wait_for()
        page.goto(f"{server.url}/explore?run=walkthrough-mnist")
        page.locator(".explorer[data-drawn]").wait_for()
        page.wait_for_timeout(3000)
        for images in ("1", "64"):
            page.locator(".explorer .view").select_option(images)
            page.wait_for_timeout(1000)
            pad = page.locator(".explorer .pad").bounding_box()
            assert pad is not None
            page.mouse.move(pad["x"] + 100, pad["y"] + 100)
            page.mouse.down()
            waited, drawn = (np.array(part) for part in page.locator(".explorer").evaluate(DRAG))
            page.mouse.up()
            rate = (len(drawn) - 1) / (drawn[-1] - drawn[0]) * 1000
            what = f"pointer to pixels, {'one image' if images == '1' else '64 images'}, {'while training' if training else 'idle'}"
            say(what, f"median {np.median(waited):.1f} ms, 95 % {np.percentile(waited, 95):.1f} ms, {rate:.0f} frames/s")


# When the pad was let go, and when the critic's score that the server then sent was on the screen.
ANSWER = """() => {
  globalThis.asked = globalThis.answered = 0;
  const score = [...document.querySelectorAll('p')].find(text => text.innerText.startsWith('Critic score'));
  const changed = () => requestAnimationFrame(now => { globalThis.answered = performance.now(); });
  new MutationObserver(changed).observe(score, { childList: true, characterData: true, subtree: true });
  const explorer = document.querySelector('.st-key-explore-latent [data-testid=stBidiComponentIsolated]').shadowRoot;
  explorer.querySelector('.pad').addEventListener('pointerup', () => { globalThis.asked = performance.now(); }, true);
}"""


def server_path(runs: Path, training: bool, count: int = 30) -> None:
    """From letting go of the pad to the server's answer, from a key on a slider of the server to its image, and how fast a film plays."""
    with app(runs) as server, browser() as page:
        if training:
            page.goto(f"{server.url}/train?preset=walkthrough")
            page.get_by_role("button", name="Start training").click()
            page.locator("img[alt^='64 generated images']").wait_for()
        page.goto(f"{server.url}/explore?run=walkthrough-mnist&view=nearest")
        page.locator(".explorer[data-drawn]").wait_for()
        page.wait_for_timeout(5000)
        pad, times = page.locator(".explorer .pad").bounding_box(), []
        assert pad is not None
        page.evaluate(ANSWER)
        for index in range(count):
            page.mouse.move(pad["x"] + 100, pad["y"] + 100)
            page.mouse.down()
            page.mouse.move(pad["x"] + 100 + 30 * np.sin(index), pad["y"] + 100 + 30 * np.cos(index))
            page.mouse.up()
            page.wait_for_function("globalThis.answered > globalThis.asked")
            times.append(page.evaluate("answered - asked"))
            page.wait_for_timeout(400)
        when = "while training" if training else "idle"
        say(
            f"pad released to the critic's score from the server, {when}",
            f"median {np.median(times):.0f} ms, 95 % {np.percentile(times, 95):.0f} ms",
        )
        page.goto(f"{server.url}/explore?run=walkthrough-mnist")
        page.get_by_role("radio", name="on the server").click()
        image = page.locator("img[alt^='Image generated from']")
        image.wait_for()
        page.wait_for_timeout(3000)
        slider, held = page.locator("input[aria-label='z1']"), image.element_handle()
        times = []
        for index in range(count):
            source = held.get_attribute("src")
            begun = time.perf_counter()
            slider.press("ArrowRight" if index % 10 < 5 else "ArrowLeft")
            page.wait_for_function("([image, old]) => image.src !== old", arg=[held, source], polling=5)
            times.append((time.perf_counter() - begun) * 1000)
            page.wait_for_timeout(300)
        say(f"key on the server's slider to new image, {when}", f"median {np.median(times):.0f} ms, 95 % {np.percentile(times, 95):.0f} ms")
        frames = page.locator(".film").evaluate(
            """async film => {
              let frames = 0;
              const observer = new MutationObserver(() => (frames += 1));
              observer.observe(film.querySelector('.label'), { childList: true, characterData: true, subtree: true });
              await new Promise(resolve => setTimeout(resolve, 5000));
              return frames / 5;
            }"""
        )
        say(f"film, {when}", f"{frames:.1f} frames/s")


def speed_of_cli() -> None:
    """Steps per second of `walkthrough` from the command line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "wgan_core", "train", "--preset", "walkthrough", "--max-steps", "3000", "--out", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        rows = RunFolder.open(out).read_metrics()
        say("walkthrough on fashion-mnist, command line", f"{rate(rows):.1f} steps/s")


def rate(rows: np.ndarray) -> float:
    """Steps per second over recorded rows."""
    return float((rows[-1, 0] - rows[0, 0]) / (rows[-1, 2] - rows[0, 2]))


def viewer(url: str, run_id: str, stop: threading.Event, sizes: list[int]) -> None:
    """A browser tab without a browser: opens the run's page and asks for updates as the front end does."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    with connect(url.replace("http", "ws") + "/_stcore/stream", max_size=2**26, ping_interval=None) as socket:  # a busy server answers late
        first = BackMsg()
        first.rerun_script.query_string = f"run={run_id}"
        first.rerun_script.page_name = "train"
        socket.send(first.SerializeToString())
        fragment, interval, due, size, page = "", 0.0, float("inf"), 0, ""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                data = socket.recv(timeout=max(0.01, min(0.2, due - time.monotonic())))
                message = ForwardMsg()
                message.ParseFromString(data if isinstance(data, bytes) else data.encode())
                size += len(data)
                kind = message.WhichOneof("type")
                if kind == "navigation":
                    page = message.navigation.page_script_hash
                elif kind == "auto_rerun":
                    fragment, interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
                elif kind == "script_finished":
                    sizes.append(size)
                    size, due = 0, time.monotonic() + interval if interval else float("inf")
            if time.monotonic() >= due:
                due = float("inf")
                again = BackMsg()
                again.rerun_script.query_string = f"run={run_id}"
                again.rerun_script.page_name = "train"
                again.rerun_script.page_script_hash = page  # else a page that draws itself anew becomes the first page
                again.rerun_script.fragment_id = fragment
                again.rerun_script.is_auto_rerun = True
                socket.send(again.SerializeToString())


def speed_in_app(runs: Path, rounds: int = 3, seconds: float = 15) -> None:
    """Steps per second in the app, without a viewer and with one, in turns."""
    with app(runs) as server:
        with browser() as page:
            page.goto(f"{server.url}/train?preset=walkthrough")
            page.get_by_role("button", name="Start training").click()
            page.wait_for_url(re.compile("run="))
            run_id = page.url.split("run=")[1]
            page.locator("img[alt^='64 generated images']").wait_for()
        rates: dict[str, list[float]] = {"no viewer": [], "one viewer": []}
        updates: list[int] = []
        for _ in range(rounds):
            for kind, found in rates.items():
                stop, sizes = threading.Event(), []
                thread = threading.Thread(target=viewer, args=(server.url, run_id, stop, sizes))
                if kind == "one viewer":
                    thread.start()
                time.sleep(6)  # pictures are drawn for some seconds after the last viewer has left
                begun, step = time.monotonic(), newest_step(runs / run_id)
                time.sleep(seconds)
                found.append((newest_step(runs / run_id) - step) / (time.monotonic() - begun))
                stop.set()
                if kind == "one viewer":
                    thread.join()
                    updates += sizes[1:]
        for kind, found in rates.items():
            say(
                f"walkthrough on fashion-mnist, app, {kind}",
                f"{statistics.median(found):.1f} steps/s ({', '.join(f'{r:.1f}' for r in found)})",
            )
        say("bytes of a live update (median of all)", f"{statistics.median(updates):,.0f}")


def _clients(url: str, run_id: str, count: int, stop: Any) -> None:
    """So many viewers, in a process of their own."""
    with contextlib.suppress(AttributeError):  # Linux only
        os.sched_setaffinity(0, {1})
    threads = [threading.Thread(target=viewer, args=(url, run_id, stop, [])) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def many_viewers(runs: Path, counts: tuple[int, ...] = (0, 20, 50, 0), seconds: float = 15) -> None:
    """Steps per second of `walkthrough` in an app that has one core, while so many look at it from another core."""
    with app(runs) as server:
        os.sched_setaffinity(server.process.pid, {0})  # and all threads it makes
        with browser() as page:
            page.goto(f"{server.url}/train?preset=walkthrough&threads=1")
            page.get_by_role("button", name="Start training").click()
            page.wait_for_url(re.compile("run="))
            run_id = page.url.split("run=")[1]
            page.locator("img[alt^='64 generated images']").wait_for()
        for count in counts:
            stop = multiprocessing.Event()
            clients = multiprocessing.Process(target=_clients, args=(server.url, run_id, count, stop))
            clients.start()
            time.sleep(8 + count / 5)
            begun, step = time.monotonic(), newest_step(runs / run_id)
            time.sleep(seconds)
            found = (newest_step(runs / run_id) - step) / (time.monotonic() - begun)
            say(f"walkthrough on fashion-mnist, app on one core, {count} viewers", f"{found:.1f} steps/s")
            stop.set()
            clients.join()


def newest_step(path: Path) -> int:
    """The newest recorded step of a run."""
    return int(RunFolder.open(path).read_metrics()[-1, 0])


def update_size(runs: Path) -> None:
    """Bytes and server time of an update with 1,000 and with 100,000 recorded points."""
    from pages.components.live_chart import _to_json
    from wgan_core.figures import training as figures

    for count in (1000, 100_000):
        rng = np.random.default_rng(0)
        steps = np.arange(count, dtype=np.float64)
        rows = np.column_stack([steps * 5, steps // 5, steps / 40, *rng.normal(size=(5, count))])
        begun = time.perf_counter()
        sizes = [
            len(_to_json(figures.curves(rows, which))) for _ in range(5) for which in (figures.ESTIMATE, figures.SCORES, figures.LOSSES)
        ]
        took = (time.perf_counter() - begun) / 5
        say(f"charts of an update after {count:,} recorded points", f"{sum(sizes[:3]):,} bytes, {took * 1000:.0f} ms on the server")


def laboratory(runs: Path) -> None:
    """How often the laboratory is seen anew while it trains, and how fast it trains, for each of its experiments."""
    from wgan_core.lab.setup import EXPERIMENTS

    with browser() as page, app(runs) as server:
        for name in EXPERIMENTS:
            page.goto(f"{server.url}/lab?experiment={name}")
            page.get_by_text("Critic updates: 0.").wait_for()
            page.get_by_role("button", name="Play").click()
            page.wait_for_timeout(3000)
            seen = [_seen(page)]
            for _ in range(5):
                page.wait_for_timeout(2000)
                seen.append(_seen(page))
            looks, updates = (np.diff([each[part] for each in seen]) / np.diff([each[0] for each in seen]) for part in (1, 2))
            rates = f"{np.median(looks):.1f} looks/s ({looks.min():.1f} to {looks.max():.1f}), {np.median(updates):.0f} critic updates/s"
            say(f"laboratory, {name}", rates)


def _seen(page: Page) -> tuple[float, int, int]:
    """The time, how many looks were drawn, and at which critic update it stands."""
    lab = page.locator(".lab")
    step = re.findall(r"Critic updates: ([\d,]+)", lab.inner_text())[0]
    return time.perf_counter(), int(lab.get_attribute("data-looks") or 0), int(step.replace(",", ""))


def main() -> None:
    """Measure everything, or what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["first", "size", "explore", "server", "cli", "app", "lab"])
    chosen = parser.parse_args().what
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        shutil.copytree("checkpoints/walkthrough-mnist", runs / "walkthrough-mnist")
        actions: dict[str, Any] = {
            "first": lambda: first_minute(runs),
            "size": lambda: update_size(runs),
            "explore": lambda: (pointer_to_pixels(runs, training=False), pointer_to_pixels(runs, training=True)),
            "server": lambda: (server_path(runs, training=False), server_path(runs, training=True)),
            "cli": speed_of_cli,
            "app": lambda: speed_in_app(runs),
            "viewers": lambda: many_viewers(runs),
            "lab": lambda: laboratory(runs),
        }
        for name in chosen:
            actions[name]()


if __name__ == "__main__":
    main()
