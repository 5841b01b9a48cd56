"""The links of the lessons lead to settings that exist."""

from __future__ import annotations

import pytest

from pages.shared.settings import read_changes, read_link
from tests.project import PROJECT
from wgan_core.lab.setup import EXPERIMENTS, check
from wgan_core.lessons.catalog import CODE
from wgan_core.lessons.step import Link
from wgan_core.lessons.steps import STEPS

LINKS = [(name, link) for name, steps in STEPS.items() for step in steps for link in step.links]


@pytest.mark.parametrize(("name", "link"), LINKS, ids=lambda value: value if isinstance(value, str) else value.label)
def test_a_link_is_understood_by_its_page(name: str, link: Link) -> None:
    params = dict(link.params)
    match link.page:
        case "lab":
            experiment = EXPERIMENTS[params.pop("experiment")]
            config, problems = read_changes(experiment.config, params, "experiment")
            assert not problems and check(config) and params.keys() <= config.model_dump().keys()
        case "train":
            preset, config, problems = read_link(params)
            assert not problems and preset == params.pop("preset") and params.keys() <= config.model_dump().keys()
        case "explore":
            assert (PROJECT / "checkpoints" / params["run"]).is_dir()
        case "learn":
            assert params == {"lesson": CODE} or params["lesson"] in STEPS
        case _:
            assert not params
