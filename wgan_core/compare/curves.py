"""What can be drawn of several runs over each other, and the points of each curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wgan_core.compare.alignment import Axis, positions
from wgan_core.compare.comparability import why_not_data, why_not_raw, why_not_readings
from wgan_core.compare.measures import SCALED, SCALED_MEANING, SCALED_TITLE, readings_of
from wgan_core.compare.side import Side
from wgan_core.config import has_js_bound
from wgan_core.figures.comparison import Axes
from wgan_core.store.history import column
from wgan_core.store.readings import DISTANCES, KINDS, newest

Numbers = NDArray[np.float64]
RAW = ("wasserstein_estimate", "js_bound", "critic_loss")
"""Columns of a run's history."""


@dataclass(frozen=True)
class Kind:
    """A quantity that is drawn over the axis."""

    key: str
    title: str
    meaning: str
    y_title: str
    log_y: bool = False
    percent: bool = False
    excess: bool = False
    """Drawn as excess over the floor."""


@dataclass(frozen=True)
class Points:
    """One curve, [n] each; x ascending."""

    x: Numbers
    y: Numbers


def _of_readings(key: str) -> Kind:
    kind = KINDS[key]
    excess = key in DISTANCES
    return Kind(
        key,
        kind.title,
        kind.meaning,
        f"{kind.title} − floor" if excess else kind.title,
        log_y=key == "critic-health",
        percent=kind.share,
        excess=excess,
    )


KINDS_OF_CURVES: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        *(_of_readings(key) for key in DISTANCES[:2]),
        Kind(SCALED, SCALED_TITLE, SCALED_MEANING, "estimate / K_emp"),
        Kind(
            "wasserstein_estimate",
            "Wasserstein estimate",
            "E f(real) − E f(fake), in the critic's own unit. Runs whose critics have the same network, and are kept Lipschitz in the same "
            "way, may be compared by it, roughly; others may not.",
            "estimate",
        ),
        Kind(
            "js_bound",
            "Jensen-Shannon bound",
            "log 2 − (discriminator loss) / 2, of ordinary GANs: 0 if the discriminator can only guess, log 2 = 0.693 if it is always "
            "right. It does not show how good the samples are.",
            "Jensen-Shannon bound",
        ),
        *(_of_readings(key) for key in ("critic-health", "diversity", "classes", "modes", "energy", "fd-cnn", "nearest", "overfit-gap")),
    )
}
"""By key, in the order in which they are offered."""


def kinds_there(sides: Sequence[Side]) -> list[Kind]:
    """What at least one of the runs has."""
    return [kind for kind in KINDS_OF_CURVES.values() if any(len(points(side, kind, "step").x) for side in sides)]


def usual_kinds(sides: Sequence[Side]) -> list[str]:
    """What to draw at first: a distance and the estimate over the slope, and the raw numbers only where they may be compared."""
    there = [kind.key for kind in kinds_there(sides)]
    first = [key for key in (*DISTANCES[:2], SCALED) if key in there]
    if not first or (len(first) < 2 and not why_not(sides, KINDS_OF_CURVES["wasserstein_estimate"])):
        first += [key for key in ("wasserstein_estimate", "js_bound") if key in there][:1]
    return first


def why_not(sides: Sequence[Side], kind: Kind) -> str:
    """Why the runs' curves of this kind cannot be compared; "" if they can."""
    if kind.key in RAW:
        # Runs without the number (an ordinary GAN has no estimate) have no curve either.
        return why_not_raw([side for side in sides if len(points(side, kind, "step").x)])
    if kind.key == "critic-health":
        return why_not_data(sides)
    having = [side for side in sides if readings_of(side, kind.key)]
    return why_not_readings(having, [newest(readings_of(side, kind.key))[kind.key] for side in having]) if having else ""


def points(side: Side, kind: Kind, axis: Axis) -> Points:
    """The curve of one run. Values that are not finite are left out."""
    if kind.key in RAW:
        steps, values = column(side.history, "step"), _recorded(side, kind.key)
    else:
        readings = [one for one in readings_of(side, kind.key) if not kind.excess or one.excess is not None]
        steps = np.array([one.step for one in readings], dtype=np.float64)
        values = np.array([one.excess if kind.excess else one.value for one in readings], dtype=np.float64)
    finite = np.isfinite(values)
    return Points(positions(side, axis, steps[finite]), values[finite])


def _recorded(side: Side, name: str) -> Numbers:
    if name == "js_bound" and not has_js_bound(side.started):
        return np.full(len(side.history), np.nan)  # its loss is no cross-entropy
    return column(side.history, name)


def axes(kind: Kind, x_title: str, reach: float) -> Axes:
    """The axes of a chart of this kind."""
    return Axes(x_title, kind.y_title, log_y=kind.log_y, percent=kind.percent, reach=reach or None)


def noise_band(sides: Sequence[Side], kind: Kind) -> float | None:
    """Half the height of the noise band around the floor, the widest of the runs; None if this has no floor."""
    if not kind.excess:
        return None
    found = [one.floor_sd for side in sides for one in readings_of(side, kind.key)[-1:] if one.floor_sd is not None]
    return 2 * max(found) if found else None
