"""A comparison as CSV."""

from __future__ import annotations

import csv
import io

from tests.sides import MakeSide
from wgan_core.compare.curves import KINDS_OF_CURVES, kinds_there, points, usual_kinds, why_not
from wgan_core.compare.differences import differences
from wgan_core.compare.measures import measures_table
from wgan_core.compare.tables import curves_csv, summary_csv
from wgan_core.store.readings import Reading


def swd(step: int, value: float) -> Reading:
    return Reading("sliced-w1", step, step // 5, value, 0.1, 0.01, 1024)


def test_curves_in_long_form_with_every_axis(side: MakeSide) -> None:
    a, b = side("a", steps=(10,), estimates=[2.5], readings=[swd(20, 0.5)]), side("b", steps=(10,), estimates=[float("nan")])
    kinds = [KINDS_OF_CURVES[key] for key in ("sliced-w1", "wasserstein_estimate")]
    rows = list(csv.reader(io.StringIO(curves_csv({"A": a, "B": b}, kinds).decode("utf-8-sig"))))
    assert rows == [
        ["Run", "Folder", "Critic updates", "Generator updates", "Real samples seen", "Training time (s)", "Measure", "Value"],
        ["A", "a", "20", "2", "1280", "5", "Sliced W1 − floor", "0.4"],
        ["A", "a", "10", "2", "640", "5", "estimate", "2.5"],
    ]


def test_differences_and_measures_have_a_column_for_each_run(side: MakeSide) -> None:
    sides = {"A": side("a", readings=[swd(20, 0.5)]), "B": side("b", clip_value=0.02, readings=[swd(20, 0.3)])}
    table = summary_csv(sides, differences([one.described for one in sides.values()]), measures_table(list(sides.values())))
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(table.decode("utf-8-sig")))}
    assert rows[""] == ["A", "B"] and rows["Folder"] == ["a", "b"] and rows["Clip value c"] == ["0.005", "0.02"]
    assert rows["Sliced W1"] == ["0.5", "0.3"] and rows["Sliced W1, floor"] == ["0.1", "0.1"]
    assert rows["Sliced W1, what follows"] == ["B is lowest, by more than the noise."]


def test_at_first_what_can_be_compared_is_drawn(side: MakeSide) -> None:
    a, b = side("a", readings=[swd(20, 0.5)]), side("b", clip_value=0.02, readings=[swd(20, 0.3)])
    assert [kind.key for kind in kinds_there([a, b])] == ["sliced-w1", "wasserstein_estimate"]
    assert usual_kinds([a, b]) == ["sliced-w1"]  # the raw numbers of these two cannot be compared
    assert usual_kinds([a, side("c", seed=1)]) == ["sliced-w1", "wasserstein_estimate"]
    assert usual_kinds([side("d"), side("e", clip_value=0.3)]) == ["wasserstein_estimate"]  # there is nothing else; it comes with a warning


def test_an_ordinary_gan_has_a_bound_and_no_estimate(side: MakeSide) -> None:
    gan = side("gan", objective="minimax", estimates=[float("nan")] * 4)
    estimate, bound = KINDS_OF_CURVES["wasserstein_estimate"], KINDS_OF_CURVES["js_bound"]
    assert len(points(gan, estimate, "step").x) == 0 and len(points(gan, bound, "step").x) == 4
    wgan = side("wgan")
    assert len(points(wgan, bound, "step").x) == 0
    # Each curve is of one run only, so that nothing is laid over anything.
    assert why_not([gan, wgan], estimate) == "" and why_not([gan, wgan], bound) == ""
