"""A training that is killed at random moments and goes on ends as one that was left alone. The long form is `python -m tests.kills`."""

from __future__ import annotations

import os
import re

import pytest

from tests import kills


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX systems do")
def test_killed_and_resumed_it_ends_with_the_same_bits(capsys: pytest.CaptureFixture[str]) -> None:
    status = kills.main(["--count", "2", "--each", "2", "--steps", "1500"])
    found = re.fullmatch(r"(\d+) kills in (\d+) trials, (\d+) of which ended equal bit for bit\.\n", capsys.readouterr().out)
    assert status == 0 and found is not None
    assert int(found[1]) >= 2 and found[2] == found[3]
