"""The tool that shows whether a change leaves the same bits."""

from __future__ import annotations

import pytest

from tests.bits import digest, main, smaller
from wgan_core.config import PRESETS


def test_a_digest_is_of_the_weights() -> None:
    config = smaller(PRESETS["quick-start"])
    first = digest(config, 8)
    assert digest(config.replace(log_every=7), 8) == first  # which changes no weight
    different = {digest(config, 9), digest(config.replace(seed=1), 8), digest(config.replace(generator_lr=5.001e-4), 8)}
    assert len({first, *different}) == 4


def test_a_line_for_each_preset(capsys: pytest.CaptureFixture[str]) -> None:
    main(["quick-start", "wgan-gp-mnist", "--steps", "2"])
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["quick-start", "wgan-gp-mnist"]
    with pytest.raises(SystemExit):
        main(["quik-start"])
