"""A film on a thread of its own: how far it is, that it can be given up, and what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.waiting import PATIENCE, until
from wgan_core.store.folder import StoreError
from wgan_core.timeline.film import FilmCancelled
from wgan_core.timeline.film_job import FilmJob


def test_a_film_is_made_beside_the_page() -> None:
    go_on = threading.Event()

    def make(progress: Callable[[float], object], cancelled: Callable[[], bool]) -> bytes:
        progress(0.5)
        assert go_on.wait(PATIENCE) and not cancelled()
        return b"film"

    job = FilmJob(make, "run-film.mp4", "mp4")
    until(lambda: job.share == 0.5)
    assert job.is_working and job.data is None
    go_on.set()
    until(lambda: job.data == b"film")
    job.join(PATIENCE)
    assert not job.is_working and not job.problem


def test_a_film_is_given_up() -> None:
    def make(progress: Callable[[float], object], cancelled: Callable[[], bool]) -> bytes:
        until(cancelled)
        raise FilmCancelled

    job = FilmJob(make, "run-film.mp4", "mp4")
    job.cancel()
    assert not job.is_working
    job.join(PATIENCE)
    assert job.data is None and not job.problem


def test_why_there_is_no_film() -> None:
    def refuse(*_: object) -> bytes:
        raise StoreError("This run keeps too little of its past.")

    def fail(*_: object) -> bytes:
        raise ZeroDivisionError

    for make, said in ((refuse, "keeps too little"), (fail, "error in the program")):
        job = FilmJob(make, "run-film.gif", "gif")
        job.join(PATIENCE)
        assert said in job.problem and job.data is None
