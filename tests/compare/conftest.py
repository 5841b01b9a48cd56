"""What the tests of comparisons need besides: runs to compare."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sides import MakeSide, side_maker


@pytest.fixture
def side(tmp_path: Path) -> MakeSide:
    """Writes a run into the test's folder, and opens it."""
    return side_maker(tmp_path)
