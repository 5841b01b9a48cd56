"""A run's curves and readings as tables for a spreadsheet.

UTF-8 with a byte order mark, by which Excel knows the encoding; commas between cells, dots in numbers, empty cells for what is undefined.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

from wgan_core.config import POINT_SETS, SETTINGS, critic_word, has_js_bound, is_wasserstein
from wgan_core.store.batches import batch_sizes, samples_seen
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import COLUMNS, column
from wgan_core.store.readings import ADVICE, KINDS


def steps_csv(folder: RunFolder) -> bytes:
    """One row for each recorded step: how far training was, the losses and scores, and each setting that was changed while it trained.

    Raises StoreError if the ledger holds an impossible edit."""
    rows = folder.read_metrics()
    steps = column(rows, "step")
    edited = sorted({edit.field for edit in folder.edits() if edit.field in SETTINGS})
    # The settings change at edits only, so they are looked up once for each stretch between two.
    bounds = sorted({edit.step for edit in folder.edits()})
    stretches = [folder.config_before(bound) for bound in bounds] + [folder.config_at(bounds[-1] if bounds else 0)]
    sizes = batch_sizes(folder)
    lines: list[list[Any]] = []
    for step, row in zip(steps, rows, strict=True):
        config = stretches[sum(step > bound for bound in bounds)]
        known = dict(zip(COLUMNS, row.tolist(), strict=True))
        counts = [int(known["step"]), int(known["generator_updates"]), samples_seen(sizes, int(known["step"]))]
        numbers = [known[name] for name in ("seconds", "wasserstein_estimate", "critic_loss", "generator_loss", "real_score", "fake_score")]
        lines.append([*counts, *numbers, *(getattr(config, name) for name in edited)])
    return _csv([*_header(folder), *(_labelled(name) for name in edited)], lines)


def _header(folder: RunFolder) -> list[str]:
    config = folder.config
    kind = "points" if config.dataset in POINT_SETS else "images"
    critic = critic_word(config)
    unit = f"{critic} score" if is_wasserstein(config) else "nats" if has_js_bound(config) else "no unit"
    return [
        "Step (critic updates)",
        "Generator updates",
        f"Real {kind} seen",
        "Training time (s)",
        f"Wasserstein estimate ({critic} score)",
        f"{critic.capitalize()} loss ({unit})",
        f"Generator loss ({unit})",
        f"Mean score of real {kind} ({critic} score)",
        f"Mean score of generated {kind} ({critic} score)",
    ]


def _labelled(name: str) -> str:
    info = SETTINGS[name]
    return f"{info.label} ({info.unit})" if info.unit else info.label


_READINGS = (
    "Step (critic updates)",
    "Generator updates",
    "Measure",
    "Value",
    "Unit",
    "Floor (same unit)",
    "Standard deviation of the floor (same unit)",
    "Samples on each side",
    "BatchNorm mode",
    "Compared with",
    "Cost (s)",
)


def readings_csv(folder: RunFolder) -> bytes:
    """One row for each reading of the instruments."""
    lines: list[list[Any]] = []
    for one in sorted(folder.readings(), key=lambda one: one.step):
        if one.key == ADVICE or one.key not in KINDS:
            continue
        against = {"held-out": "held-out data", "training": "training data"}.get(one.reference, "")
        measured = [one.value, one.unit, one.floor, one.floor_sd, one.n or None, one.mode, against, one.seconds]
        lines.append([one.step, one.generator_updates, KINDS[one.key].title, *measured])
    return _csv(_READINGS, lines)


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    """A value as a spreadsheet reads it."""
    if isinstance(value, float):
        return f"{value:.9g}" if math.isfinite(value) else ""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"  # a text of a stranger's file, which a spreadsheet would compute
    return "" if value is None else value
