"""What there is to see of a training: its picture and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import streamlit as st

from pages.components.lab_stage import lab_stage
from pages.components.live_chart import live_chart
from pages.components.live_image import live_image
from pages.parts.learn.ticker import keep_looking
from wgan_core.config import is_wasserstein
from wgan_core.lessons import figures
from wgan_core.lessons.digits import COLUMNS, ROWS, DigitExperiment
from wgan_core.lessons.lines import LinesExperiment
from wgan_core.lessons.points import Outcome, PointExperiment
from wgan_core.lessons.step import Curve, DigitTask, PointTask, Task

AnyExperiment = PointExperiment | LinesExperiment | DigitExperiment
CHART_HEIGHT = 230
_TITLES: dict[Curve, str] = {
    "w1": "distance (exact W1)",
    "scaled": "the data's own unit",
    "estimate": "Wasserstein estimate",
    "slope": "steepest slope",
}


def picture(experiment: AnyExperiment, task: Task) -> None:
    """The picture now. It makes the browser request the next look while the training goes on."""
    match experiment:
        case PointExperiment():
            assert isinstance(task, PointTask)
            lab_stage(experiment.lab, list(task.layers), key="learn-stage")
        case LinesExperiment():
            _lines(experiment)
            keep_looking(not experiment.done)
        case DigitExperiment():
            _digits(experiment)
            keep_looking(not experiment.done)
        case _:
            assert_never(experiment)


def chart(experiment: AnyExperiment, task: Task) -> None:
    """What was measured so far."""
    match experiment:
        case PointExperiment():
            assert isinstance(task, PointTask)
            _point_chart(experiment.outcomes, task)
        case LinesExperiment():
            _lines_chart(experiment)
        case DigitExperiment():
            assert isinstance(task, DigitTask)
            _digit_chart(experiment, task)
        case _:
            assert_never(experiment)


def _lines(experiment: LinesExperiment) -> None:
    critic, discriminator = experiment.critic.theta, experiment.discriminator.theta
    live_chart(
        figures.parallel_lines(critic, discriminator),
        key="learn-lines",
        alt=f"The line that follows the critic is at {critic:.2f}, the one that follows the discriminator at {discriminator:.2f}. The real "
        "line is at 0.",
        height=420,
    )


def _lines_chart(experiment: LinesExperiment) -> None:
    rows = experiment.rows
    x = [row.updates for row in rows]
    lines = [
        figures.Line("critic's estimate", x, [row.estimate for row in rows], colour=0),
        figures.Line("JS divergence", x, [row.js for row in rows], colour=1),
    ]
    words = f"After {x[-1]:,} updates: estimate {rows[-1].estimate:.3f}, Jensen-Shannon divergence {rows[-1].js:.3f}." if rows else ""
    figure = figures.curves(lines, y_title="distance", end=experiment.total)
    live_chart(figure, key="learn-chart", alt=f"What the networks measure. {words}", height=CHART_HEIGHT)


def _digits(experiment: DigitExperiment) -> None:
    names = experiment.outcomes[0].training.names
    for column, (number, name) in zip(st.columns(len(names)), enumerate(names), strict=True):
        with column:
            live_image(
                experiment.picture(number),
                key=f"learn-digits-{number}",
                alt=f"{ROWS} rows of {COLUMNS} generated digits: {name}",
                caption=f"{name}. Each row goes from one latent to another.",
                width=520 if len(names) == 1 else 380,
            )


def _digit_chart(experiment: DigitExperiment, task: DigitTask) -> None:
    (outcome,) = experiment.outcomes
    x = [row.updates for row in outcome.rows]
    values = [row.distances if task.curve == "distance" else row.estimates for row in outcome.rows]
    title = "distance (sliced W1)" if task.curve == "distance" else "Wasserstein estimate"
    lines = [figures.Line(name, x, [row[number] for row in values], colour=number) for number, name in enumerate(outcome.training.names)]
    last = "; ".join(f"{line.name}: {line.y[-1]:.3g}" for line in lines)
    figure = figures.curves(lines, y_title=title, end=outcome.training.updates, floor=outcome.floor if task.curve == "distance" else None)
    live_chart(figure, key="learn-chart", alt=f"{title} over updates. Last values: {last}", height=CHART_HEIGHT)


def _point_chart(outcomes: Sequence[Outcome], task: PointTask) -> None:
    lines = list(_point_lines(outcomes, task.curve))
    title = _TITLES[task.curve]
    if task.curve == "estimate" and not all(is_wasserstein(config) for outcome in outcomes for config in outcome.training.configs):
        title = "estimate, JS bound"
    figure = figures.curves(
        lines,
        y_title=title,
        end=max(outcome.training.updates for outcome in outcomes),
        floor=outcomes[0].floor if task.curve == "w1" else None,
        log=task.log,
    )
    last = "; ".join(f"{line.name}: {line.y[-1]:.3g}" for line in lines)
    live_chart(figure, key="learn-chart", alt=f"{title} over updates. Last values: {last}", height=CHART_HEIGHT)


def _point_lines(outcomes: Sequence[Outcome], curve: Curve) -> Sequence[figures.Line]:
    lines: list[figures.Line] = []
    for outcome in outcomes:
        x = [row.updates for row in outcome.rows]
        for number, name in enumerate(outcome.training.names):
            truths = [row.truths[number] for row in outcome.rows]
            match curve:
                case "scaled":
                    lines.append(figures.Line(f"{name}: exact W1", x, [now.w1 for now in truths], colour=number))
                    lines.append(figures.Line(f"{name}: estimate / steepest slope", x, [now.scaled for now in truths], "dot", number))
                case "w1":
                    lines.append(figures.Line(name, x, [now.w1 for now in truths], colour=len(lines)))
                case "estimate":
                    kind = "" if is_wasserstein(outcome.training.configs[number]) else ": JS bound"
                    lines.append(figures.Line(name + kind, x, [now.estimate for now in truths], colour=len(lines)))
                case "slope":
                    lines.append(figures.Line(name, x, [now.steepest for now in truths], colour=len(lines)))
                case _:
                    assert_never(curve)
    return lines
