"""Memory that a long-running server gives back."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project import PROJECT

FREED = """
import re
from pathlib import Path
from wgan_core.runs.spare_memory import give_back

def resident():
    return int(re.findall(r"VmRSS:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024

blocks = [b"x" * 4096 + bytes([index % 256]) for index in range(40_000)]
kept = blocks[::100]
del blocks
before = resident()
give_back()
print(before - resident())
"""
"""Prints how many MB went back. In a process of its own, because what others have freed there before would be used again."""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_what_is_free_between_what_is_in_use_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert float(done.stdout) > 80
