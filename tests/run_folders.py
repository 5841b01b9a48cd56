"""Run folders as training leaves them, made without training: many, in little time."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from tests.small import SMALL
from wgan_core.config import TrainConfig
from wgan_core.store.files import parse_json
from wgan_core.store.history import HEADER
from wgan_core.store.readings import Reading, to_line

# The smallest PNG: one grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def make_run(path: Path, config: TrainConfig = SMALL, *, steps: int = 200, rows: int = 100, status: str = "finished", **meta: Any) -> Path:
    """A run folder at `path` that was trained for `steps` and has `rows` rows of curves."""
    path.mkdir(parents=True)
    told = {"format": 1, "run_id": path.name, "created": "2026-03-14T09:26:00+00:00", "note": "", "config": config.model_dump()}
    (path / "config.json").write_text(json.dumps(told | {"dataset": {"name": config.dataset, "fingerprint": "f1"}} | meta))
    said = [{"step": 0, "what": "status", "status": "running"}, {"step": steps, "what": "status", "status": status}]
    (path / "ledger.jsonl").write_text("".join(json.dumps({"time": told["created"]} | one) + "\n" for one in said))
    (path / "metrics.csv").write_text("\n".join([HEADER, *(_row(steps * k // rows) for k in range(1, rows + 1))]) + "\n")
    for step in sorted({100, steps}):
        folder = path / "steps" / f"{step:08d}"
        folder.mkdir(parents=True)
        for part in ("generator", "critic", "training"):
            (folder / f"{part}.safetensors").write_bytes(b"not read by lists")
    (path / "samples").mkdir()
    (path / "samples" / f"{steps:08d}.png").write_bytes(PNG)
    return path


def _row(step: int) -> str:
    estimate = 2 * math.exp(-step / 100)
    return f"{step},{step // 3},{step / 50:.9g},{estimate:.9g},{-estimate:.9g},0.1,1.5,{1.5 - estimate:.9g}"


def add_readings(path: Path, *readings: Reading) -> None:
    """Append to the run's health.jsonl."""
    with (path / "health.jsonl").open("a") as file:
        file.writelines(to_line(one) + "\n" for one in readings)


def add_to_ledger(path: Path, step: int, what: str, **details: Any) -> None:
    """Append to the run's ledger."""
    with (path / "ledger.jsonl").open("a") as file:
        file.write(json.dumps({"time": "", "step": step, "what": what, **details}) + "\n")


def change_config(path: Path, **changes: Any) -> None:
    """Change the settings in config.json."""
    meta = parse_json((path / "config.json").read_text())
    meta["config"] |= changes
    (path / "config.json").write_text(json.dumps(meta))
