"""The curves of the runs over each other, with one cursor for all charts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.compare import state
from pages.parts.compare.legend import LEGEND
from pages.parts.compare.place import CURSOR, place_slider
from pages.parts.compare.sides_view import Named, key_of
from pages.shared.text import duration
from wgan_core.compare.alignment import AXES, AXIS_TITLES, Axis, common_reach, positions, reach, scale, step_at
from wgan_core.compare.comparability import why_not_seconds
from wgan_core.compare.curves import KINDS_OF_CURVES, Kind, axes, kinds_there, noise_band, points, usual_kinds, why_not
from wgan_core.compare.seeds import band
from wgan_core.compare.side import Side
from wgan_core.config import POINT_SETS
from wgan_core.figures.comparison import Line, lines_figure

_HEIGHT_PX = 290


def axis_title(axis: Axis, sides: Sequence[Side]) -> str:
    """What the axis counts, in the words of these runs."""
    if axis == "samples":
        kinds = {side.started.dataset in POINT_SETS for side in sides}
        return "real samples seen" if len(kinds) > 1 else f"real {'points' if kinds == {True} else 'images'} seen"
    return AXIS_TITLES[axis]


def choose_axis(sides: Sequence[Side]) -> None:
    """The choice of the axis. Another axis keeps the cursor at the same step of the run that has come farthest."""
    st.segmented_control(
        "Along",
        AXES,
        key=state.AXIS,
        default=state.axis() if state.AXIS not in st.session_state else None,
        required=True,
        format_func=lambda one: axis_title(one, sides).capitalize().removesuffix(", s"),
        persist_state="session",
        on_change=state.set_place,
        args=(None,),
        help="What the runs are laid over each other by. Critic updates: equal numbers of steps. Generator updates: a run with a larger "
        "n_critic needs more steps for each. Images seen: steps times batch size. Training time: what you wait for.",
    )
    if state.axis() == "seconds":
        st.caption(why_not_seconds(sides))


def cursor(named: Sequence[Named]) -> list[int]:
    """Draw the cursor. Returns the step at which each run is looked at: a named step stays."""
    sides, axis = [one.side for one in named], state.axis()
    end = reach(sides, axis)
    place = state.place(end, common_reach(sides, axis))
    if end > 0:
        scales = {one.letter: (places.tolist(), steps.tolist()) for one in named for places, steps in [scale(one.side, axis)]}
        whole = axis != "seconds"
        counted = "s of training" if axis == "seconds" else axis_title(axis, sides)
        place_slider(place, end, counted, scales, whole=whole, on_move=state.set_place)
    steps = [one.side.last if one.side.until is not None else step_at(one.side, axis, place) for one in named]
    st.caption("  \n".join(_where(one, step, sides) for one, step in zip(named, steps, strict=True)))
    return steps


def _where(one: Named, step: int, sides: Sequence[Side]) -> str:
    """How far a run is at a step, on every axis."""
    parts = [f"**{one.letter}** at step {step:,}"]
    for axis in AXES[1:]:
        at = float(positions(one.side, axis, [step])[0])
        parts.append(duration(at) if axis == "seconds" else f"{at:,.0f} {axis_title(axis, sides)}")
    ended = " (its end)" if step == one.side.last and one.side.until is None else ""
    return f"{', '.join(parts)}{ended}"


def choose_curves(sides: Sequence[Side]) -> list[str]:
    """The choice of what is drawn. Returns the keys, in the order in which they are offered."""
    there = [kind.key for kind in kinds_there(sides)]
    usual = usual_kinds(sides)
    chosen = [key for key in st.session_state.get(state.CURVES, usual) if key in there]
    st.session_state[state.CURVES] = chosen
    st.pills(
        "Curves",
        there,
        key=state.CURVES,
        selection_mode="multi",
        format_func=lambda key: KINDS_OF_CURVES[key].title,
        persist_state="session",
        label_visibility="collapsed",
    )
    return [key for key in there if key in st.session_state[state.CURVES]]


def draw_curves(bundled: Sequence[Sequence[Named]], chosen: Sequence[str]) -> None:
    """A chart for each chosen quantity, two beside each other."""
    if not chosen:
        st.caption("Choose above what to draw.")
        return
    named = [one for bundle in bundled for one in bundle]
    columns = st.columns(2, gap="large") if len(chosen) > 1 else [st.container()]
    for number, key in enumerate(chosen):
        with columns[number % len(columns)]:
            _chart(bundled, [one.side for one in named], KINDS_OF_CURVES[key])


def chart_key(key: str) -> str:
    """The key of the chart that shows this quantity."""
    return f"compare-chart-{key}"


def _chart(bundled: Sequence[Sequence[Named]], sides: Sequence[Side], kind: Kind) -> None:
    axis = state.axis()
    st.markdown(f"**{kind.title}**", help=kind.meaning)
    if reason := why_not(sides, kind):
        st.warning(f"{reason}{_instead(sides, kind)}", icon=":material/balance:")
    lines = [line for bundle in bundled if (line := _line(bundle, kind, axis)) is not None]
    missing = [key_of(bundle) for bundle in bundled if not any(line.key == key_of(bundle) for line in lines)]
    noise = None if reason else noise_band(sides, kind)
    figure = lines_figure(
        lines, axes(kind, axis_title(axis, sides), reach(sides, axis)), smoothing=st.session_state.get(state.SMOOTHING, 0.6), noise=noise
    )
    words = f"{kind.title} of {len(lines)} runs over {axis_title(axis, sides)}"
    names = "-".join(one.side.name for bundle in bundled for one in bundle)
    live_chart(
        figure,
        key=chart_key(kind.key),
        alt=words,
        height=_HEIGHT_PX,
        revision=f"{names}-{axis}-{kind.key}",
        cursor=CURSOR,
        legend=LEGEND,
    )
    if missing:
        st.caption(f"Not measured in {', '.join(missing)}.")


def _instead(sides: Sequence[Side], kind: Kind) -> str:
    """What to look at in place of raw numbers."""
    if kind.key not in ("wasserstein_estimate", "critic_loss", "js_bound"):
        return ""
    there = [one.title for one in kinds_there(sides) if one.key in ("exact-w1", "sliced-w1", "scaled-estimate") and not why_not(sides, one)]
    return f" Compare instead: {' or '.join(there)}." if there else ""


def _line(bundle: Sequence[Named], kind: Kind, axis: Axis) -> Line | None:
    """The curve of a run, or of several seeds together; None if there is nothing to draw."""
    found = [(one, points(one.side, kind, axis)) for one in bundle]
    found = [(one, curve) for one, curve in found if len(curve.x)]
    if not found:
        return None
    first, curve = found[0]
    if len(found) > 1 and len((several := band([(one.x, one.y) for _, one in found])).x):
        return Line(key_of(bundle), key_of(bundle), several.x, several.mean, first.place, several.low, several.high)
    edits = tuple(positions(first.side, axis, [edit.step for edit in first.side.edits]).tolist())
    return Line(key_of(bundle), first.letter, curve.x, curve.y, first.place, restarts=edits)
