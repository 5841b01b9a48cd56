"""The filter language: `digits n_critic>=5 tag:good status:finished sliced_w1<.1 -"old notes"`.

Parts are separated by blanks, and a run has to fit all of them. A word is looked for in title, name, note, tags and data.
`field:value` asks of a field (see `fields.FIELDS`) that it has that value, or one of several with commas between them; `=` says the
same, `!=` the contrary, and `<`, `<=`, `>`, `>=` compare numbers and dates. A - before a part turns it around. A value with blanks goes
between quotation marks.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from wgan_core.library.entry import Entry
from wgan_core.library.fields import Field, FieldError, field

MAX_LENGTH = 1000
_QUOTED = r'"(?P<{}>[^"]*)"'
_PART = re.compile(
    r"\s*(?P<not>-?)(?:"
    r"(?P<field>[A-Za-z][A-Za-z0-9_-]*)(?P<operator>\s*(?:<=|>=|!=|[=<>])\s*|:)(?:" + _QUOTED.format("quoted") + r'|(?P<value>[^\s"]*))'
    r"|" + _QUOTED.format("phrase") + r'|(?P<word>[^\s"]+))(?=\s|$)'
)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_NUMBER = re.compile(r"(?P<number>[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?P<unit>[A-Za-z]*)")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}(:[0-9]{2})?)?)?)?")

Test = Callable[[Entry], bool]


class FilterError(ValueError):
    """A filter that cannot be read. The message is one sentence that says which part."""


def parse(text: str) -> Test:
    """The test that a filter stands for; an empty filter fits every run. Raises FilterError."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"A filter can have at most {MAX_LENGTH:,} characters, and this one has {len(text):,}: shorten it.")
    tests: list[Test] = []
    at = 0
    while text[at:].strip():
        found = _PART.match(text, at)
        if found is None:
            raise FilterError(_unreadable(text[at:].split()[0]))
        tests.append(_test(found))
        at = found.end()
    return lambda entry: all(test(entry) for test in tests)


def matching(entries: Iterable[Entry], text: str) -> list[Entry]:
    """The entries that fit the filter `text`, in their order. Raises FilterError."""
    test = parse(text)
    return [entry for entry in entries if test(entry)]


def _unreadable(part: str) -> str:
    if '"' in part:
        return f"The filter cannot be read at {part[:40]!r}: a quotation mark has no partner."
    return f"The filter cannot be read at {part[:40]!r}: write words, or a field and a value such as n_critic>=5 or dataset:mnist."


def _test(found: re.Match[str]) -> Test:
    if found["field"] is None:
        words = (found["phrase"] if found["phrase"] is not None else found["word"]).casefold()
        test: Test = lambda entry: words in _text_of(entry)  # noqa: E731
    else:
        value = found["quoted"] if found["quoted"] is not None else found["value"]
        try:
            wanted = field(found["field"])
        except FieldError as error:
            raise FilterError(str(error)) from None
        test = _field_test(wanted, found["operator"].strip(), value, quoted=found["quoted"] is not None)
    return (lambda entry: not test(entry)) if found["not"] else test


def _field_test(wanted: Field, sign: str, text: str, *, quoted: bool) -> Test:
    if not text and not quoted:
        raise FilterError(f"{wanted.name}{sign} needs a value after it, such as {wanted.name}{sign}{_example(wanted)}.")
    if sign in _COMPARED:
        compare, bound = _COMPARED[sign], _bound(wanted, sign, text)
        return lambda entry: (value := wanted.get(entry)) is not None and compare(_cut(value, bound), bound)
    options = [_equals(wanted, part) for part in ([text] if quoted else text.split(","))]
    if sign == "!=":
        return lambda entry: not any(option(wanted.get(entry)) for option in options)
    return lambda entry: any(option(wanted.get(entry)) for option in options)


def _example(wanted: Field) -> str:
    return {"number": "5", "time": "2026-03"}.get(wanted.kind, "mnist" if wanted.name == "dataset" else "word")


def _cut(value: Any, bound: Any) -> Any:
    """A date only as exactly as the bound, so that `created<=2026-03` takes in all of March."""
    return value[: len(bound)] if isinstance(bound, str) else value


def _bound(wanted: Field, sign: str, text: str) -> Any:
    if wanted.kind == "number":
        return _number(wanted, text)
    if wanted.kind == "time":
        return _date(wanted, text)
    raise FilterError(f"{wanted.label} is not a number, so {wanted.name}{sign} means nothing: write {wanted.name}:{text[:40]} instead.")


def _number(wanted: Field, text: str) -> float:
    found = _NUMBER.fullmatch(text)
    units = {unit.lower(): factor for unit, factor in wanted.units.items()}
    if found is None or (found["unit"] and found["unit"].lower() not in units):
        units_named = f", perhaps with {' or '.join(wanted.units)}" if wanted.name in ("seconds", "size") else ""
        raise FilterError(f"{wanted.label} ({wanted.name}) is compared with a number{units_named}, not with {text[:40]!r}.")
    return float(found["number"]) * units.get(found["unit"].lower(), 1.0)


def _date(wanted: Field, text: str) -> str:
    if _DATE.fullmatch(text) is None:
        raise FilterError(f"{wanted.label} ({wanted.name}) is compared with a date such as 2026-03-14, not with {text[:40]!r}.")
    return text.replace(" ", "T")


def _equals(wanted: Field, text: str) -> Callable[[Any], bool]:
    """Whether a value of the field is what `text` says."""
    if wanted.kind == "number":
        number = _number(wanted, text)
        return lambda value: value is not None and abs(value - number) <= 1e-9 * abs(number)
    if wanted.kind == "time":
        beginning = _date(wanted, text)
        return lambda value: value is not None and value.startswith(beginning)
    said = text.casefold()
    if wanted.kind == "text":
        return lambda value: said in str(value or "").casefold() if said else not value
    return lambda value: said in [str(one).casefold() for one in _several(value)]


def _several(value: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value or "",)


def _text_of(entry: Entry) -> str:
    """Where words are looked for."""
    return "\n".join((entry.title, entry.own_title, entry.name, entry.note, *entry.labels.tags, entry.data, entry.status)).casefold()
