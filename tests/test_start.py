"""The app started as README says: who can reach it."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests.project import PROJECT

START_SECONDS = 60


def start_command() -> list[str]:
    """README's start command without the installation, run by this Python."""
    block = re.search(r"## Start.*?```sh\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    words = shlex.split(block[1].split("&&")[-1])
    assert words[0].endswith("/streamlit")
    return [sys.executable, "-m", "streamlit", *words[1:]]


def listening(port: int) -> set[str]:
    """The addresses on which somebody listens at `port`, as the kernel writes them."""
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            local, state = line.split()[1], line.split()[3]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                found.add(address)
    return found


def test_the_app_is_configured_to_listen_on_this_machine_only() -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"
    assert "--server.address 0.0.0.0" in (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux to see who listens where")
def test_started_as_the_readme_says_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true", "WGAN_RUNS_ROOT": str(tmp_path)}
    env = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")} | settings
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(start_command(), cwd=PROJECT, env=env, stdout=log, stderr=log) as server:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not (found := listening(port)) and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            server.terminate()
    assert found == {"0100007F"}, (tmp_path / "log").read_text()  # 127.0.0.1, its bytes in the order of the kernel
