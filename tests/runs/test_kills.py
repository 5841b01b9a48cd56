"""A training that is killed at random moments and goes on ends as one that was left alone. The long form is `python -m tests.kills`."""

from __future__ import annotations

import os

import pytest

from tests import kills


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX systems do")
def test_killed_and_resumed_it_ends_with_the_same_bits(capsys: pytest.CaptureFixture[str]) -> None:
    status = kills.main(["--count", "2", "--each", "2", "--steps", "1500"])
    assert status == 0 and "2 kills in 1 trials, 1 of which ended equal bit for bit." in capsys.readouterr().out
