"""The Paper results page: figures and tables of the WGAN papers, each recomputed at a click and checked against a criterion."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.paper.last_results import HEIGHTS_PX, LastResult, last_results
from pages.shared.frame import within_frame
from pages.shared.people import refused, shuts
from pages.shared.problems import show_problem
from pages.shared.server import exclude_loaded_from_gc, paper_jobs
from pages.shared.text import duration
from wgan_core.paper import NAMES, experiment
from wgan_core.paper.jobs import Job
from wgan_core.paper.result import Experiment, Result

POLL_SECONDS = 1.0


def introduction() -> None:
    """What the page is for, and a button that runs everything."""
    st.title("Paper results")
    st.markdown(
        f"{_in_words(len(NAMES))} results of the [WGAN](https://arxiv.org/abs/1701.07875) and "
        "[WGAN-GP](https://arxiv.org/abs/1704.00028) papers. A click computes each of them from scratch, with the same code that trains "
        "your runs. One counts as reproduced only if its numbers meet a criterion that was fixed beforehand, and that a faulty WGAN fails."
    )
    seconds = sum(experiment(name).typical_seconds for name in NAMES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            f"Run all {_in_words(len(NAMES)).lower()}",
            icon=":material/playlist_play:",
            on_click=_start,
            args=(NAMES,),
            **shuts("paper", help=f"This takes about {duration(seconds)}."),
        )
        st.number_input(
            "Seed",
            0,
            1_000_000,
            0,
            key="paper.seed",
            width=140,
            help="The starting number for everything random. Try several: a result that holds for one seed only is luck.",
        )


def _in_words(count: int) -> str:
    return ("Six", "Seven", "Eight", "Nine", "Ten")[count - 6]


def _start(names: tuple[str, ...]) -> None:
    if refused("paper"):
        return
    for name in names:
        paper_jobs().start(name, int(st.session_state.get("paper.seed") or 0))


def _stop(job: Job) -> None:
    if not refused("paper"):
        job.stop()


def statuses() -> dict[str, str]:
    """The status of every experiment that was started, by name."""
    jobs = {name: paper_jobs().get(name) for name in NAMES}
    return {name: job.status for name, job in jobs.items() if job is not None}


def name_to_poll(drawn: dict[str, str]) -> str | None:
    """The experiment that is running, or else one that waits. Only this one's progress is polled, because polling takes time."""
    active = [name for name, status in drawn.items() if status in ("waiting", "running")]
    return min(active, key=lambda name: drawn[name] != "running") if active else None


def section(name: str, drawn: dict[str, str], polled: bool) -> None:
    """Draw one experiment: what it shows, its button, and its result if there is one."""
    chosen, job = experiment(name), paper_jobs().get(name)
    with st.container(border=True, key=f"paper-{name}"):
        _heading(chosen, job)
        status = drawn.get(name)
        if status in ("waiting", "running"):
            st.fragment(_progress, run_every=POLL_SECONDS if polled else None)(name, drawn)
        elif status == "stopped":
            st.caption(":material/stop: Stopped before it finished.")
        elif job is not None and status == "failed":
            show_problem(job.error)
        if (result := paper_jobs().result(name)) is not None:
            _show(chosen, result)
            checks: Sequence[Mapping[str, Any]] = result.as_dict()["checks"]
        elif (last := last_results().get(name)) is not None:
            _show_last(chosen, last)
            checks = last.checks
        else:
            checks = ()
        st.markdown(chosen.claim)
        with st.expander("How this is judged"):
            _judgement(chosen, checks)


def _heading(chosen: Experiment, job: Job | None) -> None:
    result = paper_jobs().result(chosen.name)
    badge = "" if result is None else " :green-badge[reproduced]" if result.passed else " :red-badge[not reproduced]"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(f"{chosen.title}{badge}", anchor=chosen.name, width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(chosen.source, width="content")
            st.button(
                "Run" if result is None else "Run again",
                key=f"paper.run.{chosen.name}",
                icon=":material/play_arrow:",
                type="primary" if result is None else "secondary",
                on_click=_start,
                args=((chosen.name,),),
                **shuts(
                    "paper",
                    help=f"This takes about {duration(chosen.typical_seconds)} on one core.",
                    disabled=job is not None and job.active,
                ),
            )


def _progress(name: str, drawn: dict[str, str]) -> None:
    """Show the progress and a stop button. As soon as any experiment has started or ended, redraw the whole page."""
    job = paper_jobs().get(name)
    # Not while the page itself is being drawn, which may take seconds on a busy machine: it would never finish.
    if job is None or (statuses() != drawn and not st.session_state["paper.drawing"]):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        words = "Waiting for the one before it" if job.status == "waiting" else f"Computing with seed {job.seed} · {job.fraction:.0%}"
        st.progress(job.fraction, text=words)
        st.button("Stop", key=f"paper.stop.{name}", icon=":material/stop:", on_click=_stop, args=(job,))
    if job.fraction:  # everything that it needs has been loaded
        exclude_loaded_from_gc()


def _show(chosen: Experiment, result: Result) -> None:
    live_chart(
        result.figure,
        key=f"paper-chart-{chosen.name}",
        alt=chosen.figure_words,
        height=HEIGHTS_PX[chosen.name],
        revision=f"{result.seed}-{result.seconds}",
    )
    st.caption(f"Seed {result.seed}, computed in {duration(result.seconds)}. {_count(result.as_dict()['checks'])}")


def _show_last(chosen: Experiment, last: LastResult) -> None:
    """The picture that comes with the project, until the result is computed here."""
    st.image(last.picture(st.context.theme.type or "light"), alt=chosen.figure_words, width="stretch")
    day = datetime.date.fromisoformat(last.date)
    st.caption(
        f"A picture of the last result before the release: seed {last.seed}, computed on {day.day} {day:%B %Y}. "
        f"{_count(last.checks)} Press “Run” to compute it on this machine."
    )


def _count(checks: Sequence[Mapping[str, Any]]) -> str:
    """How many of the checks passed, in a sentence."""
    passed = sum(bool(check["passed"]) for check in checks)
    return f"All {passed} checks are met." if passed == len(checks) else f"{passed} of {len(checks)} checks are met."


def _judgement(chosen: Experiment, checks: Sequence[Mapping[str, Any]]) -> None:
    """The criterion, each number against its threshold, and what could mislead."""
    st.markdown(f"**Reproduced if:** {chosen.criterion}")
    rows = ["| What | Measured | Needed | Met |", "|:--|--:|:--|:--|"]
    for check in checks:
        verdict = ":green[:material/check:] yes" if check["passed"] else ":red[:material/close: not met]"
        rows.append(f"| {_plain(check['what'])} | {check['measured']:.4g} | {_plain(check['threshold'])} | {verdict} |")
    if checks:
        st.markdown("\n".join(rows))
    st.markdown(f"**What could mislead this criterion.** {chosen.fooled_by}")


def _plain(text: str) -> str:
    """Escape text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("[", "\\[")


within_frame()
introduction()
st.session_state["paper.drawing"] = True
now = statuses()
to_poll = name_to_poll(now)
for each in NAMES:
    section(each, now, polled=each == to_poll)
st.session_state["paper.drawing"] = False
