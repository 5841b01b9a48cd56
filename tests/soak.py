"""A server for an hour with twenty viewers and four runs in a row: memory, threads and open files, at the beginning and after each run.

    python -m tests.soak --minutes 60 --viewers 20

Viewers are tabs without a browser, in a process of their own: they open the page of the run that trains, ask for updates as the front end
does, and leave when it ends. With `--warm-up 12` so many short runs come first, unwatched by the clock: meanwhile Python's and PyTorch's
memory grows to what such a server needs, and what grows after that is a leak. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.bare_client import BareClient
from tests.e2e.measure import viewer
from tests.kills import PRELOADED
from tests.kills_of_server import APP, Served, link, served
from wgan_core.store.folder import RunFolder

ENDLESS = 10**7
WARM_UP_SECONDS = 15.0
SETTLE_SECONDS = 20.0
"""After the viewers have left: the server gives their sessions up meanwhile."""


def used(server: Served) -> tuple[float, int, int]:
    """MB of memory, threads and open files of the server."""
    place = Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), len(os.listdir(place / "fd"))


def _watch(url: str, run_id: str, count: int, stop: Event, looks: object) -> None:
    sizes: list[list[int]] = [[] for _ in range(count)]
    threads = [threading.Thread(target=viewer, args=(url, run_id, stop, found)) for found in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    looks.value = sum(map(len, sizes))  # pyright: ignore[reportAttributeAccessIssue]


def one_run(server: Served, root: Path, number: int, seconds: float, viewers: int) -> None:
    """Start a run, let it be watched, and stop it. Prints what the server uses before the viewers leave and after."""
    with BareClient(server.url) as client:
        client.open("train", **link(ENDLESS) | {"instruments_budget": 0.01, "seed": abs(number)}).press("Start training")
        run_id = client.query.split("run=")[1].split("&")[0]
        context = multiprocessing.get_context("spawn")
        stop, looks = context.Event(), context.Value("i", 0)
        watching = context.Process(target=_watch, args=(server.url, run_id, viewers, stop, looks))
        watching.start()
        time.sleep(seconds)
        say(f"run {number}, {viewers} viewers", server)
        stop.set()
        watching.join()
        client.open("train", run=run_id).press("Stop")
    folder = RunFolder.open(root / run_id)
    time.sleep(SETTLE_SECONDS)
    say(f"run {number} stopped at step {folder.steps()[-1]:,} after {looks.value:,} looks, nobody", server)


def say(when: str, server: Served) -> None:
    """One row of the table."""
    memory, threads, files = used(server)
    print(f"{time.strftime('%H:%M:%S')}  {when:<72} {memory:7.0f} MB {threads:4} threads {files:4} files", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, metavar="N", help="in all (default 60)")
    parser.add_argument("--viewers", type=int, default=20, metavar="N", help="at a time (default 20)")
    parser.add_argument("--runs", type=int, default=4, metavar="N", help="in a row (default 4)")
    parser.add_argument("--warm-up", type=int, default=0, metavar="N", help="short runs before (default 0)")
    options = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    multiprocessing.get_context("forkserver").set_forkserver_preload([*PRELOADED, *APP])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        root.mkdir()
        with served(root) as server:
            say("just started", server)
            for number in range(-options.warm_up, 0):
                one_run(server, root, number, WARM_UP_SECONDS, options.viewers)
            for number in range(1, options.runs + 1):
                one_run(server, root, number, max(1.0, 60 * options.minutes / options.runs - SETTLE_SECONDS), options.viewers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
