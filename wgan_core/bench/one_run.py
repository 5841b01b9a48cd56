"""A run for the bench: `python -m wgan_core.bench.one_run SETTINGS FOLDER`, with the settings as JSON.

For each line of input, which holds a number of seconds, it trains for so long and prints the steps per second. It records, saves and
measures itself as any run does.
"""

from __future__ import annotations

import queue
import sys
import time
from pathlib import Path

from wgan_core.config import TrainConfig
from wgan_core.runs.launch import new_loop


def main() -> None:
    """Train whenever a line arrives."""
    config = TrainConfig.model_validate_json(sys.argv[1])
    loop = new_loop(config, Path(sys.argv[2]), queue.SimpleQueue(), wants_pictures=lambda: False)
    for line in sys.stdin:
        begun, step = time.perf_counter(), loop.trainer.step
        while time.perf_counter() - begun < float(line) and loop.tick():
            pass
        print((loop.trainer.step - step) / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main()
