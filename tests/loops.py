"""Runs trained step by step in the test's own thread, through their real folders."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.runs.launch import new_loop, resumed_loop
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Stop

Commands = Mapping[int, Any]  # by the step that has been reached when they are sent


def drive(loop: RunLoop, steps: int, commands: Commands | None = None) -> RunLoop:
    """Train `steps`, sending each command when its step has been reached; then stop, and let go of the folder."""
    for _ in range(steps):
        if commands and loop.trainer.step in commands:
            loop._inbox.put(commands[loop.trainer.step])
        loop.tick()
    loop._inbox.put(Stop())
    assert loop.tick() is False
    loop.recorder.folder.release()
    return loop


def begin(path: Path, config: TrainConfig, steps: int, commands: Commands | None = None) -> RunLoop:
    """A new run in `path`, trained and stopped."""
    return drive(new_loop(config, path, queue.SimpleQueue()), steps, commands)


def go_on(path: Path, steps: int, commands: Commands | None = None, **changes: Any) -> RunLoop:
    """The run in `path`, resumed with these settings, trained on and stopped."""
    return drive(resumed_loop(path, changes, queue.SimpleQueue()), steps, commands)
