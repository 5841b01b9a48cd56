"""Kill the app's server while a run trains in it, start it again, resume, and compare with the run left alone, as `tests.kills` does with
the command line: `python -m tests.kills_of_server --count 200`.

The server is a process of its own, forked from one that has imported what it takes. The run is started and resumed as on the page: by the
buttons of the Train page, pressed through the server's websocket.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.bare_client import BareClient
from tests.kills import CONFIG, PRELOADED, check_listed, differences, train
from tests.project import PROJECT
from wgan_core.config import parse_config
from wgan_core.store.folder import RunFolder, StoreError, run_ids

APP = ["streamlit.web.cli", "streamlit.web.bootstrap", "streamlit.web.server", "plotly.graph_objects", "plotly.io", "pages.shared.server",
       "pages.parts.train.run_view", "pages.parts.train.setup"]  # fmt: skip
MOMENTS = 2.0
"""Seconds after Start or Resume was pressed within which the server is killed."""
START_SECONDS = 120


def _serve(script: str, port: int, root: Path, said: Path, environment: dict[str, str]) -> None:
    """The app, in a process of its own, with what it prints in the file `said`."""
    os.chdir(PROJECT)
    os.environ |= {"WGAN_RUNS_ROOT": str(root)} | environment
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which the process it is forked from ignores
    from streamlit.web import cli

    try:
        cli.main(["run", script, "--server.port", str(port), "--server.headless", "true"])
    finally:
        atexit._run_exitfuncs()  # as at the end of every interpreter, but not of a process that was forked


class Served:
    """A server that runs."""

    def __init__(self, process: BaseProcess, url: str) -> None:
        self.process, self.url = process, url

    def end(self, number: int = signal.SIGKILL) -> int | None:
        """Send it a signal, and wait until it has ended. Returns its exit code."""
        os.kill(self.process.pid or 0, number)
        self.process.join(START_SECONDS)
        return self.process.exitcode


@contextlib.contextmanager
def served(root: Path, *, script: str = "app.py", **environment: str) -> Generator[Served]:
    """A server whose runs lie in `root`, with these variables besides. Raises RuntimeError if it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = root.with_name(f"{root.name}-server.txt")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, *APP])
    process = context.Process(target=_serve, args=(script, port, root, said, environment))
    process.start()
    server = Served(process, f"http://127.0.0.1:{port}")
    try:
        _until_healthy(server, said)
        yield server
    finally:
        if process.is_alive():
            server.end()


def _until_healthy(server: Served, said: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.is_alive():
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start: {said.read_text(errors='replace')[-500:]}")


def link(steps: int) -> dict[str, object]:
    """The parameters of the Train page for the run of `tests.kills`: all settings, since the page's defaults are those of a preset."""
    values = parse_config({name.replace("-", "_"): value for name, value in CONFIG.items()} | {"max_steps": steps}).model_dump()
    return {name: ",".join(map(str, value)) if isinstance(value, tuple) else value for name, value in values.items() if value != ""}


def go_on(client: BareClient, root: Path, steps: int) -> Path:
    """Start the run on the page, or resume it, if a step of it was saved. Returns its folder."""
    begun = [root / name for name in run_ids(root) if (root / name / "config.json").exists() and RunFolder.open(root / name).steps()]
    if begun:
        client.open("train", run=begun[0].name).press("Resume from step")
    else:
        client.open("train", **link(steps)).press("Start training")
    if client.errors:
        raise RuntimeError(client.errors[0])
    return root / client.query.split("run=")[1].split("&")[0]


def _status(path: Path) -> str:
    with contextlib.suppress(StoreError):
        return RunFolder.open(path).status()
    return ""


def trial(root: Path, rng: random.Random, most: int, steps: int) -> tuple[int, Path]:
    """Train the run to its end in the app, killing the server on the way. Returns the number of kills, and the run's folder. Raises
    RuntimeError if it fails otherwise."""
    kills = 0
    while True:
        with served(root) as server, BareClient(server.url) as client:
            path = go_on(client, root, steps)
            moment = time.monotonic() + (rng.uniform(0.0, MOMENTS) if kills < most else START_SECONDS)
            while time.monotonic() < moment and _status(path) not in ("finished", "failed"):
                time.sleep(0.02)
            if _status(path) == "failed":
                raise RuntimeError(f"the run failed after {kills} kills: {RunFolder.open(path).ledger()[-1]}")
            if _status(path) == "finished":
                return kills, path
            if kills >= most:
                raise RuntimeError(f"the run did not end after {kills} kills")
            server.end()
            kills += 1
        if (path / "config.json").exists():
            check_listed(path)
            if steps in RunFolder.open(path).steps():  # killed after its last step was saved: Resume would make it longer
                return kills, path


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 if a trial ended otherwise than the run that was left alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills_of_server", description=__doc__)
    parser.add_argument("--count", type=int, default=10, metavar="N", help="kills in all (default 10)")
    parser.add_argument("--each", type=int, default=10, metavar="N", help="kills of one training at most (default 10)")
    parser.add_argument("--steps", type=int, default=6000, metavar="N", help="length of the training (default 6000)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported where the servers are forked from
    multiprocessing.get_context("forkserver").set_forkserver_preload([*PRELOADED, *APP])
    rng, kills, trials, bad = random.Random(options.seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        alone = train(whole, options.steps)
        alone.join()
        while kills < options.count:
            root = Path(folder) / f"trial-{trials}"
            root.mkdir()
            trials += 1
            try:
                done, path = trial(root, rng, min(options.each, options.count - kills), options.steps)
                kills += done
                found = differences(path, whole, options.steps)
            except (RuntimeError, StoreError, KeyError) as error:
                found = [str(error)]
                kills += 1  # so that it comes to an end
            if found:
                bad += 1
                print(f"trial {trials}: {'; '.join(found)}", flush=True)
            shutil.rmtree(root, ignore_errors=True)
    print(f"{kills} kills of the server in {trials} trials, {trials - bad} of which ended equal bit for bit.")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
