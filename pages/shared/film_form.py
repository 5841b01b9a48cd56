"""Making a film of a run: its options, how far it is, and the file."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared.people import refused, say_no, serving, shuts
from pages.shared.problems import show_problem
from pages.shared.run_time import folder_of
from wgan_core.access.permissions import Answer
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.film import MIME, make_film
from wgan_core.timeline.film_job import FilmJob, films_in_making

_SECONDS = (6, 12, 24, 48)
_POLL_SECONDS = 0.7
_AT_A_TIME = 2
"""Films, on a server that several people use."""


def film_form(
    run_id: str, title: str, *, key: str, latents: Latents | None = None, averages: bool = False, told: tuple[float, ...] | None = None
) -> None:
    """Draw the form.

    Args:
        run_id: the run.
        title: of the run, which the film shows.
        key: unique on the page.
        latents: those to show, [n, latent_dim]; None for the run's fixed ones.
        averages: whether the run has an averaged generator to choose.
        told: the class or mixture that `latents` become, [classes], in a run that is told classes.
    """
    job: FilmJob | None = st.session_state.get(f"{key}.job")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Format", tuple(MIME), format_func=str.upper, key=f"{key}.kind", width=110)
        seconds = st.selectbox("Length", _SECONDS, index=1, format_func="{} s".format, key=f"{key}.seconds", width=110)
        averaged = averages and st.toggle("Averaged generator", key=f"{key}.averaged")
        busy = job is not None and job.is_working
        pressed = st.button("Make the film", icon=":material/movie:", key=f"{key}.make", **shuts("film", disabled=busy))
    if pressed and not _film_refused():
        job = st.session_state[f"{key}.job"] = _begin(
            run_id, title, kind, float(seconds), averaged=bool(averaged), latents=latents, told=told
        )
    if job is not None:
        working = job.is_working
        st.fragment(_result, run_every=_POLL_SECONDS if working else None)(job, key, working)


def _film_refused() -> bool:
    """Whether no film is begun now for this visitor; then says so."""
    if refused("film"):
        return True
    if serving().is_shared and films_in_making() >= _AT_A_TIME:
        say_no(Answer(False, f"{_AT_A_TIME} films are being made for others already: try again in a minute."))
        return True
    return False


def _begin(
    run_id: str, title: str, kind: str, seconds: float, *, averaged: bool, latents: Latents | None, told: tuple[float, ...] | None
) -> FilmJob | None:
    try:
        folder = RunFolder.open(folder_of(run_id))
    except StoreError as error:
        show_problem(error)
        return None
    name = f"{run_id}-film.{kind}"
    made = partial(make_film, folder, kind, seconds=seconds, averaged=averaged, latents=latents, told=told, title=title)
    return FilmJob(lambda progress, cancelled: made(progress=progress, cancelled=cancelled), name, kind)


def _result(job: FilmJob, key: str, polled: bool) -> None:
    """How far the film is; then the file."""
    if polled and not job.is_working:
        st.rerun()  # once, to end the polling
    if job.problem:
        show_problem(job.problem)
    elif job.data is not None:
        words = f"Download the film ({len(job.data) / 1e6:.1f} MB)"
        st.download_button(words, job.data, job.name, MIME[job.kind], icon=":material/download:", key=f"{key}.file", on_click="ignore")
    elif job.is_working:
        st.progress(job.share, text=f"Drawing the film: {job.share:.0%}")
        st.button("Cancel", key=f"{key}.cancel", type="tertiary", on_click=job.cancel)
