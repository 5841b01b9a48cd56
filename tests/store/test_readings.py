"""Readings as lines of a file, and what is said of them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from wgan_core.store.readings import (
    KINDS,
    Reading,
    advice_in,
    from_line,
    newest,
    of_key,
    plain,
    share_of_training,
    to_line,
    value_in_words,
)

W1 = Reading("exact-w1", 40, 8, 0.25, 0.07, 0.005, 512, "unit", "eval", "held-out", 0.1, 12.0, 0.3, {"projections": 0})


def test_a_line_holds_the_whole_reading() -> None:
    assert from_line(to_line(W1)) == W1
    assert "\n" not in to_line(W1)


def test_numbers_that_json_has_not_become_null() -> None:
    details = {"a": math.nan, "b": [math.inf, np.float32(0.5), np.int64(3)], "c": np.array([-np.inf, 1.23456789]), "d": ("x", None, True)}
    line = to_line(Reading("critic-health", 1, 0, None, details=details))
    assert "NaN" not in line and "Infinity" not in line
    found = from_line(line)
    assert found is not None and found.value is None
    assert found.details == {"a": None, "b": [None, 0.5, 3], "c": [None, 1.23457], "d": ["x", None, True]}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[1]",
        "{}",
        "17",
        to_line(W1)[:-5],
        to_line(W1).replace('"step":40', '"step":"forty"'),
        to_line(W1).replace('"step":40', '"step":-1'),
        to_line(W1).replace('"value":0.25', '"value":"much"'),
        to_line(W1).replace('"value":0.25', '"value":NaN'),
        to_line(W1).replace('"details":{"projections":0}', '"details":[]'),
        to_line(W1).replace('"unit":"unit"', '"unit":5'),
    ],
)
def test_what_is_no_reading_is_none(line: str) -> None:
    assert from_line(line) is None


def test_names_of_later_versions_are_left_out() -> None:
    assert from_line(json.dumps(json.loads(to_line(W1)) | {"colour": "red"})) == W1


def test_excess_is_value_less_floor() -> None:
    assert W1.excess == pytest.approx(0.18)
    assert Reading("diversity", 1, 1, 0.5).excess is None and Reading("exact-w1", 1, 1, None, 0.1).excess is None


def test_newest_and_series_and_advice() -> None:
    other = Reading("exact-w1", 80, 16, 0.2, 0.07, trained=20.0, spent=0.5)
    said = Reading("advice", 80, 16, 1, details={"advice": [{"text": "Raise c.", "level": "warning"}, "torn", {"no": "text"}]})
    readings = (W1, other, said)
    assert newest(readings)["exact-w1"] is other and of_key(readings, "exact-w1") == [W1, other]
    assert advice_in(readings) == [{"text": "Raise c.", "level": "warning"}]
    assert advice_in((*readings, Reading("advice", 90, 17, 0, details={"advice": []}))) == []
    assert advice_in([W1]) == [] == advice_in([Reading("advice", 1, 1, 0, details={"advice": 3})])
    assert share_of_training(readings) == pytest.approx(0.025)
    # Clocks begin anew with each session: 0.5 of 20 s, then 0.75 of 5 s.
    resumed = [Reading("exact-w1", 100, 20, 0.1, trained=trained, spent=spent) for trained, spent in ((2.0, 0.3), (5.0, 0.75))]
    assert share_of_training((*readings, *resumed)) == pytest.approx(1.25 / 25)
    assert share_of_training(()) is None and share_of_training([Reading("exact-w1", 1, 1, 1.0)]) is None


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (W1, "0.25 (floor 0.07 ± 0.01)"),
        (Reading("diversity", 1, 1, 0.876), "87.6%"),
        (Reading("classes", 1, 1, 7, details={"total": 10}), "7 of 10"),
        (Reading("critic-health", 1, 1, None), "undefined"),
        (Reading("overfit-gap", 1, 1, 0.25, details={"noise": 0.05}), "25.0% ± 5.0%"),
        (Reading("overfit-gap", 1, 1, 0.25, details={"noise": "![](http://x)"}), "25.0%"),  # as a stranger may have written it
        (Reading("modes", 1, 1, 7, details={"total": "![](http://x)"}), "7 of ?"),
    ],
)
def test_values_in_words(reading: Reading, words: str) -> None:
    assert value_in_words(reading) == words


def test_every_kind_is_explained() -> None:
    assert all(kind.title and kind.meaning.endswith(".") for kind in KINDS.values())


def test_plain_goes_into_data_classes() -> None:
    assert plain(W1)["details"] == {"projections": 0} and plain(np.array([[1, 2]])) == [[1, 2]]
