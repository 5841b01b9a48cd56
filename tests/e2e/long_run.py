"""What a very long run costs as it grows, by hand: `python -m tests.e2e.long_run`. Linux and Chromium.

A run of `quick-start` trains in the app, as a student would start it. When it has done 1 %, 10 %, 30 % and 100 % of the steps, this
prints what the app uses: memory, open files, threads, processor time per step without a viewer, and the bytes of a page update with one.

That takes an hour or two. With `--without-arithmetic` the updates compute nothing, and it takes ten minutes: what grows with a run is what
is recorded, saved, measured and shown, and all of that is as in any run.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.conftest import PROJECT
from tests.e2e.measure import app, browser, viewer

SHARES = (0.01, 0.1, 0.3, 1.0)
WINDOW_STEPS = 5_000
_WITHOUT_ARITHMETIC = Path(__file__).parent / "without_arithmetic"
VIEWER_SECONDS = 20.0


@dataclass(frozen=True)
class Cost:
    """What the app uses at a step."""

    step: int
    memory_mib: float
    """Resident memory of the process."""
    files: int
    threads: int
    cpu_ms: float
    """Processor time of all threads per step, with the instruments' share and without a viewer."""
    wall_ms: float
    update_bytes: float
    """Median over the updates that one viewer gets."""
    updates: int
    folder_mib: float

    def row(self) -> str:
        """As a line of the table."""
        return (
            f"{self.step:>9,} {self.memory_mib:>7.0f} {self.files:>6} {self.threads:>8} {self.cpu_ms:>7.2f} {self.wall_ms:>8.2f} "
            f"{self.update_bytes:>13,.0f} {self.updates:>8} {self.folder_mib:>8.1f}"
        )


HEAD = (
    f"{'step':>9} {'MiB':>7} {'files':>6} {'threads':>8} {'CPU ms':>7} {'wall ms':>8} {'bytes/update':>13} {'updates':>8} {'disk MiB':>8}"
)


def main() -> None:
    """Print a row at each share of the steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--batch-size", type=int, default=8, help="the smaller, the sooner it ends; what grows does not depend on it")
    parser.add_argument("--without-arithmetic", action="store_true", help="updates that compute nothing")
    options = parser.parse_args()
    path = {"PYTHONPATH": f"{_WITHOUT_ARITHMETIC}{os.pathsep}{PROJECT}"} if options.without_arithmetic else {}
    with tempfile.TemporaryDirectory() as folder, app(Path(folder), path) as server:
        # The run goes on a little after the last look, which is at a run in training too.
        run_id = _start(f"{server.url}/train?preset=quick-start&max_steps={2 * options.steps}&batch_size={options.batch_size}")
        print(HEAD, flush=True)
        for share in SHARES:
            _wait_for_step(Path(folder) / run_id, round(options.steps * share))
            print(_cost(server.process.pid, Path(folder) / run_id, server.url).row(), flush=True)


def _start(url: str) -> str:
    """Start a run by hand. Returns its id."""
    with browser() as page:
        page.set_default_timeout(300_000)
        page.goto(url)
        page.get_by_role("button", name="Start training").click()
        page.locator("img[alt^='64 generated images']").wait_for()
        return page.evaluate("location.href").split("run=")[1].split("&")[0]


def _cost(pid: int, run: Path, url: str) -> Cost:
    time.sleep(10)  # pictures are drawn for some seconds after the last viewer has left
    begun, used, step = time.perf_counter(), _cpu_seconds(pid), newest_step(run)
    _wait_for_step(run, step + WINDOW_STEPS)
    steps = newest_step(run) - step
    cpu_ms, wall_ms = (_cpu_seconds(pid) - used) / steps * 1000, (time.perf_counter() - begun) / steps * 1000
    sizes = _updates(url, run.name)
    status = Path(f"/proc/{pid}/status").read_text()
    memory = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
    disk = sum(file.stat().st_size for file in run.rglob("*") if file.is_file()) / 2**20
    files, threads = len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
    return Cost(step, memory, files, threads, cpu_ms, wall_ms, statistics.median(sizes) if sizes else 0.0, len(sizes), disk)


def _updates(url: str, run_id: str) -> list[int]:
    """Sizes of the updates of a page that is open for a while, without the first, which loads the page."""
    stop, sizes = threading.Event(), []
    thread = threading.Thread(target=viewer, args=(url, run_id, stop, sizes))
    thread.start()
    time.sleep(VIEWER_SECONDS)
    stop.set()
    thread.join()
    return sizes[1:]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def newest_step(run: Path) -> int:
    """The newest recorded step. Reads only the end of the file, which grows long."""
    with (run / "metrics.csv").open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 4096))
        lines = file.read().decode().split("\n")
    numbers = [line.partition(",")[0] for line in lines[1:-1]]
    return int(float(numbers[-1])) if numbers else 0


def _wait_for_step(run: Path, step: int) -> None:
    while not (run / "metrics.csv").exists() or newest_step(run) < step:
        time.sleep(1)


if __name__ == "__main__":
    main()
