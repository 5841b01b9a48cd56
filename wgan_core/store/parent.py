"""Where a branch began: the parent run, its step, and the settings that differ from those in force there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Parent:
    """The beginning of a branch. It is kept in the branch's config.json, so it is known also when the parent is gone."""

    run_id: str
    step: int
    """The branch continues from the parent's networks after this step."""
    differs: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    """The settings that differ: the parent's value and the branch's."""
    anew: tuple[str, ...] = ()
    """What was not carried over but begins anew, in words."""

    def to_meta(self) -> dict[str, Any]:
        """For config.json."""
        return asdict(self) | {"differs": {name: list(values) for name, values in self.differs.items()}, "anew": list(self.anew)}


def parent_in(meta: Mapping[str, Any]) -> Parent | None:
    """The parent that a config.json names; None if the run is not a branch. Raises ValueError if it cannot be read."""
    found = meta.get("parent")
    if found is None:
        return None
    try:
        run_id, step = found["run_id"], found["step"]
        differs = {str(name): (old, new) for name, (old, new) in dict(found.get("differs", {})).items()}
        anew = tuple(str(text) for text in found.get("anew", ()))
    except (KeyError, TypeError, ValueError):
        raise ValueError("not how a branch names its parent") from None
    if not isinstance(run_id, str) or not isinstance(step, int) or isinstance(step, bool) or not 0 <= step <= 10**15:
        raise ValueError("not how a branch names its parent")
    return Parent(run_id, step, differs, anew)
