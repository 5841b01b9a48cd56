"""A film of a run is made on its page, and of a latent on the Explore page."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.app_page import button, page
from tests.waiting import until
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.timeline.film_job import FilmJob


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), [("train", "film"), ("explore", "explore-film-of-run")])
def test_a_film_of_a_run(manager: RunManager, finished: Run, name: str, key: str) -> None:
    test = page(name, run=finished.run_id)
    test.selectbox(key=f"{key}.kind").set_value("gif").run()
    test.selectbox(key=f"{key}.seconds").set_value(6).run()
    button(test, "Make the film").click().run()
    job: FilmJob = test.session_state[f"{key}.job"]
    until(lambda: not job.is_working, job.problem)
    assert job.data is not None and not job.problem
    assert Image.open(io.BytesIO(job.data)).n_frames > 10  # pyright: ignore[reportAttributeAccessIssue]
    test.run()
    assert not test.exception and any(one.label.startswith("Download the film") for one in test.download_button)
