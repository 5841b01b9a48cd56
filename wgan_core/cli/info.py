"""`wgan info`: what is known of a run."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from wgan_core.config import POINT_SETS, PRESETS, TrainConfig, has_js_bound


def print_info(options: argparse.Namespace) -> int:
    """Returns 0. Raises StoreError."""
    from wgan_core.store.folder import RunFolder

    facts = _facts(RunFolder.open(options.run))
    if options.json:
        print(json.dumps(facts))
        return 0
    del facts["config"]
    instruments = _instrument_lines(facts.pop("instruments"), facts.pop("advice"))
    for name, value in ({name.replace("_", " "): value for name, value in facts.items()} | instruments).items():
        shown = ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else value
        print(f"{name:>22}  {', '.join(map(str, shown)) if isinstance(shown, list) else shown}")
    return 0


def _facts(folder: Any) -> dict[str, Any]:
    """What `info` shows, as plain JSON values; None if something is not known."""
    from wgan_core.timeline.sizes import sizes_of

    rows, steps = folder.read_metrics(), folder.steps()
    step = int(max(steps[-1] if steps else 0, _last(rows, "step") or 0))
    seconds = _last(rows, "seconds") or 0.0
    dataset = folder.meta.get("dataset")
    dataset = dataset if isinstance(dataset, dict) else {}
    config = folder.config_at(step)
    start, changed = _differences(config)
    kind = "points" if config.dataset in POINT_SETS else "images"
    return {
        "run_id": folder.run_id,
        "status": folder.status(),
        "created": folder.meta.get("created", ""),
        "note": folder.meta.get("note", ""),
        **_ancestry(folder),
        "step": step,
        "generator_updates": int(_last(rows, "generator_updates") or 0),
        "training_seconds": round(seconds, 1),
        "steps_per_second": round((_last(rows, "step") or 0) / seconds, 1) if seconds else None,
        "wasserstein_estimate": _last(rows, "wasserstein_estimate"),
        "js_bound": _last(rows, "js_bound") if has_js_bound(config) else None,
        "real_score": _last(rows, "real_score"),
        "fake_score": _last(rows, "fake_score"),
        "saved_steps": steps,
        "edits": [f"step {edit.step}: {edit.field} {edit.old} -> {edit.new}" for edit in folder.edits()],
        **_instruments(folder.readings()),
        "megabytes": round(sizes_of(folder.path).total / 1e6, 2),
        "history": _history(folder),
        "dataset": {name: dataset.get(name) for name in ("name", kind, "shape", "source", "fingerprint")},
        "nearest_preset": start,
        "differs_from_it_in": changed,
        "config": config.model_dump(mode="json"),
    }


def _history(folder: Any) -> dict[str, Any]:
    """What is kept of the run's past, and the megabytes that it takes."""
    from wgan_core.timeline.sizes import sizes_of

    sizes = sizes_of(folder.path)
    return {
        "full_mb": round(sizes.full / 1e6, 2),
        "light_steps": len(folder.past.light_steps()),
        "light_mb": round(sizes.light / 1e6, 2),
        "moments": len({*folder.past.moments(), *folder.samples()}),
        "pictures_mb": round(sizes.pictures / 1e6, 2),
        "pinned": [mark.step for mark in folder.past.marks() if not mark.branch],
    }


def _instruments(readings: Any) -> dict[str, Any]:
    """The newest reading of each key, and the advice."""
    from wgan_core.store.readings import KINDS, advice_in, newest, plain, share_of_training, value_in_words

    names = ("value", "floor", "floor_sd", "excess", "n", "unit", "mode", "reference", "seconds", "step", "details")
    found: dict[str, Any] = {}
    for key, one in newest(readings).items():
        if key in KINDS:
            found[key] = {"title": KINDS[key].title, "in_words": value_in_words(one)} | {name: plain(getattr(one, name)) for name in names}
    return {"instruments": found, "share_of_instruments": plain(share_of_training(readings)), "advice": advice_in(readings)}


def _instrument_lines(instruments: dict[str, Any], advice: list[dict[str, Any]]) -> dict[str, Any]:
    """The readings and the advice as lines for a terminal."""
    lines: dict[str, Any] = {}
    for found in instruments.values():
        against = f", {found['reference']} data" if found["reference"] else ""
        lines[found["title"]] = f"{found['in_words']}; step {found['step']}, n {found['n']}{against}"
        bounds = found["details"].get("bounds")
        for name, bound in bounds.items() if isinstance(bounds, dict) else ():
            if name in _BOUNDS and isinstance(bound, dict):
                value = bound.get("value")
                lines[_BOUNDS[name]] = f"{value:.4g}" if isinstance(value, (int, float)) else str(bound.get("reason", ""))
    return lines | {f"advice {number}": one["text"] for number, one in enumerate(advice, 1)}


_BOUNDS = {"spectral": "K_spec", "box": "K_box", "display_w1": "estimate / K_emp"}


def _last(rows: Any, name: str) -> float | None:
    """The newest value of a column of the curves; None if there is none or it is not finite."""
    from wgan_core.store.history import newest

    value = newest(rows, name, math.nan)
    return value if math.isfinite(value) else None


def _ancestry(folder: Any) -> dict[str, Any]:
    """Where a branch began, and in which settings it differs from its parent there; nothing for other runs."""
    from wgan_core.runs.branch import ancestry

    if folder.parent is None:
        return {}
    differs = {name: f"{old} -> {new}" for name, (old, new) in folder.parent.differs.items()}
    return {
        "branch_of": [f"{parent.run_id}@{parent.step}" for parent in ancestry(folder)],
        "differs_from_parent_in": differs,
        "began_anew": list(folder.parent.anew),
    }


def _differences(config: TrainConfig) -> tuple[str, dict[str, Any]]:
    """The preset (or "defaults") that `config` is closest to, and the settings in which it differs."""
    values = config.model_dump(mode="json")
    differing: dict[str, dict[str, Any]] = {}
    for start_name, start in {"defaults": TrainConfig(), **PRESETS}.items():
        known = start.model_dump(mode="json")
        differing[start_name] = {name: value for name, value in values.items() if value != known[name]}
    nearest = min(differing, key=lambda name: len(differing[name]))
    return nearest, differing[nearest]
