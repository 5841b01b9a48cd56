"""Fixtures for tests in a real browser: Chromium, a page in it, Streamlit servers. All tests here are marked `e2e` and `slow`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
START_SECONDS = 60
LAUNCH_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.slow)


# ------------------------------------------------------------------ browser


def find_chromium() -> str | None:
    """The Chromium to drive: the environment variable WGAN_CHROMIUM, else one of the usual places."""
    if chosen := os.environ.get("WGAN_CHROMIUM"):
        return chosen
    usual = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(os.path.exists, usual), None) or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium (`playwright.sync_api.Browser`); tests that ask for it are skipped where there is none.

    One for each module, not for the session: while playwright's synchronous API lives, `asyncio.run` fails in every other test.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements-dev.txt")
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium found: install it, or set WGAN_CHROMIUM to its path")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=LAUNCH_ARGS, headless=True)
        yield launched
        launched.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages in contexts of their own: `open_page(color_scheme="dark", ...)` takes the arguments of `Browser.new_context`.

    The test fails if a page raised an error that nobody caught.
    """
    contexts, errors = [], []

    def new(**options: Any) -> Any:
        contexts.append(chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", **options}))
        fresh = contexts[-1].new_page()
        fresh.set_default_timeout(60_000)  # a server that has just started imports PyTorch, which takes long on a busy machine
        fresh.on("pageerror", lambda error: errors.append(str(error)))
        return fresh

    yield new
    for each in contexts:
        each.close()
    assert not errors, f"uncaught errors in the page: {errors}"


@pytest.fixture
def browser_page(open_page: Callable[..., Any]) -> Any:
    """One page, 1440x900, light (`playwright.sync_api.Page`)."""
    return open_page()


# ------------------------------------------------------------------- server


@dataclass
class Server:
    """A Streamlit server in a process of its own."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_healthy(self) -> None:
        """Raises RuntimeError with the server's log if it ends or takes longer than `START_SECONDS`."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"Streamlit did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        """End the process, by force if it does not go within ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_servers: list[Server] = []


@pytest.fixture(scope="module")
def streamlit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts servers that live until the module's tests are over: `streamlit_server(script="app.py", **environment) -> URL`.

    The server runs in the project's root with the project's configuration, on 127.0.0.1 and a free port. Its runs go to a
    folder of its own unless the environment says otherwise; a script elsewhere finds the project's packages and static files.
    """
    started: list[Server] = []

    def start(script: Path | str = "app.py", **environment: str) -> str:
        folder = tmp_path_factory.mktemp("streamlit")
        server = _launch(PROJECT / script, folder, {"WGAN_RUNS_ROOT": str(folder / "runs"), **environment})
        started.append(server)
        _servers.append(server)
        server.wait_until_healthy()
        return server.url

    yield start
    for server in started:
        server.stop()
        _servers.remove(server)


def _launch(script: Path, folder: Path, environment: dict[str, str]) -> Server:
    static = script.parent / "static"
    if not static.exists():
        static.symlink_to(PROJECT / "static", target_is_directory=True)
    port = _free_port()
    flags = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(f"--{name}={value}" for name, value in flags.items())]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**inherited, "PYTHONPATH": str(PROJECT), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Server(f"http://127.0.0.1:{port}", process, log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failing test shows what its servers printed last."""
    report = yield
    if report.failed and Path(__file__).parent in item.path.parents:
        for server in _servers:
            report.sections.append((f"log of {server.url}", server.log.read_text(errors="replace")[-4000:]))
    return report
