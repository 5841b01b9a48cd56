"""Predict, run, compare: the part of a step in which something is trained."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.learn import watching
from pages.parts.learn.progress import Result, progress
from pages.parts.learn.question_view import ask
from pages.shared.people import refused, shuts
from pages.shared.problems import show_problem
from pages.shared.server import exclude_loaded_from_gc
from wgan_core.lessons.asking import Drawing, Guess, place_key
from wgan_core.lessons.step import Task

_RUNNING = "learn-running"


@dataclass
class Running:
    """What this session trains or has trained for the step that is shown."""

    key: str
    guess: Guess | None
    seed: int
    experiment: watching.AnyExperiment


def forget_other(key: str) -> None:
    """Drop what was trained for another step, which cannot be seen any more."""
    running: Running | None = st.session_state.get(_RUNNING)
    if running is not None and running.key != key:
        del st.session_state[_RUNNING]


def task_view(key: str, task: Task, beside: DeltaGenerator) -> None:
    """Everything that changes while something is trained. To be called in a fragment, so that only that part is redrawn.

    Args:
        key: lesson and step, such as "clipping.small".
        task: what to ask and to train.
        beside: where the picture goes.
    """
    running: Running | None = st.session_state.get(_RUNNING)
    result = progress().results.get(key)
    active = running is not None and not running.experiment.done
    guess = ask(
        task.question,
        key=f"learn-guess-{key}",
        before=running.guess if running is not None else result.guess if result is not None else None,
        locked=active,
        measured=_measured_curve(task, result) if result is not None and not active else (),
    )
    if running is not None and not active and guess != running.guess:  # another prediction belongs to another training
        del st.session_state[_RUNNING]
        running = None
    _buttons(key, task, guess, running, result)
    if running is not None:
        if active:
            running.experiment.advance()
        if running.experiment.notice:
            show_problem(running.experiment.notice)
        else:
            with beside:
                watching.picture(running.experiment, task)
            if active and running.experiment.done:
                _measured(running, task)
    if not active and result is not None and (running is not None or guess == result.guess):
        _compare(task, result)


def task_chart(task: Task) -> None:
    """What was measured so far in the training that is shown, if there is one."""
    running: Running | None = st.session_state.get(_RUNNING)
    if running is not None:
        watching.chart(running.experiment, task)


def _measured_curve(task: Task, result: Result) -> list[float]:
    places = task.question.places if isinstance(task.question, Drawing) else 0
    return [result.found.get(place_key(place), 0.0) for place in range(places)]


def _buttons(key: str, task: Task, guess: Guess | None, running: Running | None, result: Result | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if running is not None and not running.experiment.done:
            st.progress(running.experiment.fraction, text=running.experiment.title)
            return
        again = running is not None or (result is not None and guess == result.guess)
        seed = int(result.found.get("seed", -1)) + 1 if result is not None else 0
        st.button(
            f"Run again with seed {seed}" if again else "Run",
            key="learn-run",
            icon=":material/replay:" if again else ":material/play_arrow:",
            type="secondary" if again else "primary",
            on_click=_start,
            args=(key, task, guess, seed),
            **shuts(
                "experiment",
                help="Another seed starts from other random numbers, so the result differs a little, or a lot." if again else None,
                disabled=guess is None,
            ),
        )
        if guess is None:
            st.button("Run without a prediction", key="learn-run-blind", type="tertiary", on_click=_start, args=(key, task, None, seed))


def _start(key: str, task: Task, guess: Guess | None, seed: int) -> None:
    if refused("experiment"):
        return
    st.session_state[_RUNNING] = Running(key, guess, seed, task.begin(guess, seed))


def _measured(running: Running, task: Task) -> None:
    """Keep what was measured, and redraw the page: the browser keeps it too."""
    found = {**task.found(running.experiment), "seed": float(running.seed)}
    progress().results[running.key] = Result(running.guess, found)
    exclude_loaded_from_gc()
    st.rerun()


def _compare(task: Task, result: Result) -> None:
    with st.container(border=True):
        if result.guess is not None and task.question.accepts(result.guess):
            judgement = task.judge(result.guess, result.found)
            icon = ":green[:material/check_circle:]" if judgement.agrees else ":orange[:material/lightbulb:]"
            st.markdown(f"{icon} **{'As you predicted.' if judgement.agrees else 'Not as you predicted.'}** {judgement.words}")
        st.markdown(task.explain(result.found))
        st.caption(f"Measured with seed {result.found.get('seed', 0):.0f}.")
