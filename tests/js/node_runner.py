"""Node for the tests that need it; they skip without it, and say so."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.project import PROJECT

OLDEST = 18


def _why_not() -> str:
    if (path := shutil.which("node")) is None:
        return "Node is not installed"
    found = re.match(r"v(\d+)", subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout)
    return "" if found and int(found[1]) >= OLDEST else f"Node is older than {OLDEST}"


_REASON = _why_not()
needs_node = pytest.mark.skipif(bool(_REASON), reason=f"the JavaScript is not tested: {_REASON}")


def node(*arguments: str) -> str:
    """Run Node and return what it prints. A failure shows all of it."""
    done = subprocess.run(["node", *arguments], cwd=PROJECT, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
