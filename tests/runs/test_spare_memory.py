"""Memory that a long-running server gives back."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from wgan_core.runs.spare_memory import give_back


def resident() -> float:
    """MB."""
    return int(re.findall(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_what_is_free_between_what_is_in_use_goes_back() -> None:
    blocks = [b"x" * 4096 + bytes([index % 256]) for index in range(40_000)]
    kept = blocks[::100]
    del blocks
    before = resident()
    give_back()
    assert resident() < before - 80
    assert len(kept) == 400
