"""`wgan bench --options`: what each option of a preset costs, as a table."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from wgan_core.cli.table import Column, lines
from wgan_core.config import TrainConfig

if TYPE_CHECKING:
    from wgan_core.bench.options import Cost, OptionCosts

_WIDTH = 120


def run_options(config: TrainConfig, options: argparse.Namespace) -> None:
    """Measure and print."""
    from wgan_core.bench.options import option_costs

    def tell(cost: Cost) -> None:
        if not options.json:
            print(f"{cost.option}: {cost.share:.2f}", file=sys.stderr)

    found = option_costs(config, rounds=options.rounds, tell=tell)
    print(json.dumps(found.as_dict()) if options.json else table(found, options.rounds))


def table(found: OptionCosts, rounds: int) -> str:
    """A line for each option."""
    columns = [
        Column("", ["as it is", *(cost.option for cost in found.costs)]),
        Column("steps/s", [f"{rate:.1f}" for rate in (found.rate, *(cost.rate for cost in found.costs))], right=True),
        Column("of the rate", ["", *(f"{cost.share:.2f}" for cost in found.costs)], right=True),
        Column(f"in {rounds} rounds", ["", *(f"{cost.lowest:.2f} to {cost.highest:.2f}" for cost in found.costs)], right=True),
    ]
    clock = "processor time of one thread" if found.device == "cpu" else found.device
    return "\n".join([*lines(columns, _WIDTH), f"A step is one critic update with its share of a generator update; {clock}."])
