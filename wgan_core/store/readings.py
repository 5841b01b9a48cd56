"""What a run's instruments have read: one record per measurement, as in `health.jsonl`. Imports no torch, because pages use it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from wgan_core.store.files import parse_json

_DIGITS = 6


class Kind(NamedTuple):
    """What the value of a reading means, in words."""

    title: str
    meaning: str
    share: bool = False
    """Whether the value is a share, shown as a percentage."""


KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "exact-w1": Kind(
            "Exact W1",
            "The Wasserstein-1 distance between generated and real points: they are matched one to one as cheaply as possible, and the "
            "value is the mean distance per pair.",
        ),
        "sliced-w1": Kind(
            "Sliced W1",
            "The Wasserstein-1 distance along single directions: exact along each one, and averaged over 256 fixed random directions. It "
            "is a distance of its own, not the W1 of the images.",
        ),
        "energy": Kind(
            "Energy distance", "2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, estimated without bias, so small negative values are noise around 0."
        ),
        "fd-cnn": Kind(
            "FD-CNN",
            "The squared Fréchet distance between features of a small classifier that was trained here. Compare it only under the same "
            "classifier and at the same n; it is not the FID.",
        ),
        "critic-health": Kind("Steepest slope (K_emp)", "The steepest slope of the critic that was found. It is a lower bound of K."),
        "diversity": Kind(
            "Diversity",
            "The mean distance between two generated samples, relative to two real ones: 100 % if they differ as much. Where the networks "
            "are told classes, of two samples of one class.",
            True,
        ),
        "movement": Kind(
            "Movement",
            "How far the samples of the same latents have moved since the last look, relative to the distance between two real samples.",
            True,
        ),
        "modes": Kind("Modes hit", "Modes of the mixture that have at least 1 % of the points within three standard deviations."),
        "classes": Kind(
            "Classes covered", "Classes that occur at least a tenth as often as in real data, according to the small classifier."
        ),
        "class-accuracy": Kind(
            "Right class",
            "How many of the images that should show a class are of that class, according to the small classifier: the mean over classes. "
            "For runs whose networks are told classes. The classifier itself is right on fewer than all real images.",
            True,
        ),
        "nearest": Kind(
            "Nearest training image",
            "The median distance from a generated sample to the nearest training image, relative to the same distance for real images: "
            "near 0 if training images are copied.",
        ),
        "mode-gap": Kind(
            "BatchNorm mode gap",
            "Sliced W1 between samples with BatchNorm in train mode and in eval mode, relative to that between two sets of eval samples: "
            "1 if there is no gap.",
        ),
        "overfit-gap": Kind(
            "Learned by heart",
            "How much higher the critic scores the training data than held-out data, as a share of the estimate: 0 within the noise if it "
            "judges both alike, 100 % if all that it tells the generator is what it remembers. Held-out data of another kind raise it too.",
            True,
        ),
        "critic-lag": Kind(
            "Found by the critic",
            "How much of the distance the critic sees (estimate / steepest slope), as a share of what it sees after 200 more updates with "
            "the generator standing still: 100 % if it keeps up.",
            True,
        ),
    }
)
OF_ONE_CLASS = "of one class"
"""Ends the unit of the diversity of a conditional run, which is that within classes."""
DISTANCES = ("exact-w1", "sliced-w1", "energy", "fd-cnn")
"""Keys of the readings that have a floor."""
ADVICE = "advice"
"""The key of the record that holds the advice. Its value is the number of warnings."""


@dataclass(frozen=True)
class Reading:
    """One measurement."""

    key: str
    """One of `KINDS`, or `ADVICE`."""
    step: int
    """Critic updates of the networks that were measured."""
    generator_updates: int
    value: float | None
    """None if undefined; `details` then says why."""
    floor: float | None = None
    """The value of real data against other real data at the same n; for distances only."""
    floor_sd: float | None = None
    n: int = 0
    """Number of samples on each side."""
    unit: str = ""
    mode: str = "eval"
    """Mode of the generator's BatchNorm: eval (running statistics) or train (statistics of the batch)."""
    reference: str = ""
    """The real data used for comparison: held-out or training."""
    seconds: float = 0.0
    """The cost: seconds that training stood still for the copy, plus seconds that the measuring thread worked. Training loses no more than
    this."""
    trained: float = 0.0
    """Seconds of training since the run was started or resumed."""
    spent: float = 0.0
    """Seconds that all instruments together have cost since then."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON values, which depend on the key."""

    @property
    def excess(self) -> float | None:
        """value − floor; None if either is missing."""
        return None if self.value is None or self.floor is None else self.value - self.floor


_NAMES = {field.name for field in dataclasses.fields(Reading)}


def to_line(reading: Reading) -> str:
    """The reading as a line of `health.jsonl`."""
    return json.dumps({name: plain(getattr(reading, name)) for name in sorted(_NAMES)}, allow_nan=False, separators=(",", ":"))


def from_line(line: str) -> Reading | None:
    """The reading in a line of `health.jsonl`; None if the line does not hold one. Fields of later versions are ignored."""
    try:
        found = parse_json(line)
        reading = Reading(**{name: value for name, value in found.items() if name in _NAMES})
    except (ValueError, TypeError, AttributeError):
        return None
    numbers = (reading.value, reading.floor, reading.floor_sd)
    clocks = (reading.seconds, reading.trained, reading.spent)
    whole = (reading.step, reading.generator_updates, reading.n)
    sound = (
        all(number is None or isinstance(number, (int, float)) for number in numbers)
        and all(isinstance(number, (int, float)) for number in clocks)
        and all(isinstance(number, int) and number >= 0 for number in whole)
        and all(isinstance(text, str) for text in (reading.key, reading.unit, reading.mode, reading.reference))
        and isinstance(reading.details, dict)
    )
    return reading if sound else None


def plain(value: Any) -> Any:
    """`value` as JSON values: arrays become lists, data classes become dicts, floats keep six digits, and non-finite numbers become
    None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value


def newest(readings: Iterable[Reading]) -> dict[str, Reading]:
    """The last reading of each key."""
    return {reading.key: reading for reading in readings}


def of_key(readings: Iterable[Reading], key: str) -> list[Reading]:
    """All readings of one key, oldest first."""
    return [reading for reading in readings if reading.key == key]


def first_distance(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of the run's first distance that have a value and a floor, oldest first; the other distances are taken more rarely."""
    for key in DISTANCES[:2]:
        if found := [one for one in of_key(readings, key) if one.excess is not None]:
            return found
    return []


def advice_in(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """The newest advice, as dicts with key, level, text, number and setting; empty if there is none."""
    last = newest(readings).get(ADVICE)
    found = last.details.get("advice", []) if last is not None else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("text"), str)] if isinstance(found, list) else []


def share_of_training(readings: Sequence[Reading]) -> float | None:
    """The cost of all instruments as a share of training time; None before the first reading. The clocks restart when a run is resumed."""
    booked = [reading for reading in readings if reading.trained > 0]
    # The last reading of each session. Readings may arrive out of order, but never by as much as a restart of the clock.
    ends = [one for one, after in itertools.pairwise(booked) if after.spent < one.spent] + booked[-1:]
    trained = sum(reading.trained for reading in ends)
    return sum(reading.spent for reading in ends) / trained if trained else None


def cost_of_looks(readings: Sequence[Reading], step: int) -> float:
    """Seconds that the looks at `step` have cost. All readings of one look carry the same cost."""
    return sum({reading.seconds for reading in readings if reading.step == step and reading.key != ADVICE})


def value_in_words(reading: Reading) -> str:
    """The value together with its floor, if it has one, and two standard deviations of that: "0.12 (floor 0.069 ± 0.004)"."""
    if reading.value is None:
        return "undefined"
    kind = KINDS.get(reading.key)
    text = f"{reading.value:.1%}" if kind is not None and kind.share else f"{reading.value:.4g}"
    if reading.key == "overfit-gap" and "noise" in reading.details and (noise := memory_noise(reading)) is not None:
        text += f" ± {noise:.1%}"
    if reading.key in ("modes", "classes"):
        total = reading.details.get("total")
        text += f" of {total if isinstance(total, int) else '?'}"
    if reading.floor is not None:
        text += f" (floor {reading.floor:.3g} ± {2 * (reading.floor_sd or 0):.1g})"
    return text


def memory_noise(reading: Reading) -> float | None:
    """Of a reading "overfit-gap", twice its standard error as a share of the estimate; None if that is not known.

    Earlier versions recorded only the two numbers that it is made of.
    """
    noise, error, estimate = (_number(reading.details.get(name)) for name in ("noise", "standard_error", "estimate"))
    if "noise" in reading.details:
        return noise
    return 2 * error / abs(estimate) if error is not None and estimate else None


def _number(value: Any) -> float | None:
    """A number among the details, which a stranger may have written."""
    return value if isinstance(value, (int, float)) else None
