"""What a table of measures says, in short sentences."""

from __future__ import annotations

from collections.abc import Sequence

from wgan_core.compare.measures import Row, Value, badness, compare, ranking

_WORDS = {"lower": "lowest", "higher": "highest", "near 1": "nearest to real data"}
_CAN_BE_TOLD = 3
"""Seeds of each setting from which on it is said whether their ranges overlap."""


def number(row: Row, value: float, digits: int = 3) -> str:
    """A value of this measure with so many digits."""
    if row.share:
        return f"{value:.{max(0, digits - 2)}%}"
    # Without powers of ten where there are digits enough to write.
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def conclusion(row: Row, letters: Sequence[str]) -> str:
    """What follows from a row: which run is ahead, and which cannot be told from it; or why nothing follows."""
    if row.why_not:
        return row.why_not
    there = [value for value in row.values if value is not None]
    if len(there) < 2:
        return "Measured in one run only."
    if old := [f"{letter} at step {value.step:,}" for letter, value in zip(letters, row.values, strict=True) if value and value.is_old]:
        return f"Nothing yet: last measured in {_listed(old)}."
    found = ranking(row)
    if found is None:
        return _differ(there)
    if len(found.alike) == len(there) - 1:
        return "No difference beyond the noise."
    if len(found.unknown) == len(there) - 1:
        same = len({value.last for value in there}) == 1
        return "No difference." if same else f"{letters[found.best]} is {_WORDS[row.better]}; the noise is not known."
    words = [f"{letters[found.best]} is {_WORDS[row.better]}, by more than the noise."]
    if found.alike:
        words.append(f"{_listed([letters[one] for one in found.alike])} cannot be told from it.")
    if found.unknown:
        words.append(f"The noise of {_listed([letters[one] for one in found.unknown])} is not known.")
    return " ".join(words)


def _differ(values: Sequence[Value]) -> str:
    """Of a measure of which neither more nor less is better: whether the runs differ."""
    low, high = min(values, key=lambda one: one.last), max(values, key=lambda one: one.last)
    match compare(low, high):
        case "noise unknown":
            return ""
        case "differs":
            return "They differ by more than the noise."
        case _:
            return "No difference beyond the noise."


def seeds_in_words(rows: Sequence[Row], letters: Sequence[str], bundles: Sequence[Sequence[int]]) -> list[str]:
    """What several seeds of one setting say of each measure in which one value is better: their range, and whether ranges overlap.

    bundles: the places of the runs that differ in their seed only, together.
    """
    several = [bundle for bundle in bundles if len(bundle) > 1]
    if not several:
        return []
    sentences: list[str] = []
    for row in rows:
        if not row.better or row.why_not:
            continue
        ranges = {"".join(letters[place] for place in bundle): _values(row, bundle) for bundle in several}
        parts = [_range_in_words(row, name, values) for name, values in ranges.items() if len(values) > 1]
        if parts:
            sentences.append(f"{row.title} over seeds: {', '.join(parts)}.{_apart(row, ranges)}")
    return sentences


def _range_in_words(row: Row, name: str, values: Sequence[float]) -> str:
    mean, low, high = (number(row, value) for value in (sum(values) / len(values), min(values), max(values)))
    return f"{name} {mean} ({low} to {high}, {len(values)} seeds)"


def _values(row: Row, places: Sequence[int]) -> list[float]:
    return [value.last for place in places if (value := row.values[place]) is not None]


def _apart(row: Row, ranges: dict[str, list[float]]) -> str:
    """Whether all seeds of one setting are better than all of another; only for two settings with enough seeds each."""
    if len(ranges) != 2 or any(len(values) < _CAN_BE_TOLD for values in ranges.values()):
        return ""
    (first, ones), (second, others) = ranges.items()
    first_bad, second_bad = ([badness(value, row.better) for value in values] for values in (ones, others))
    if max(first_bad) < min(second_bad):
        return f" Every seed of {first} is better than every one of {second}."
    if max(second_bad) < min(first_bad):
        return f" Every seed of {second} is better than every one of {first}."
    return " The ranges overlap."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
