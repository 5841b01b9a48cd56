"""How many critic updates come before each generator update: n_critic, or more during a warm-up as in the WGAN authors' code."""

from __future__ import annotations

from wgan_core.config import TrainConfig, is_scheduled
from wgan_core.training.schedules import value_at, value_when

FIRST_UPDATES = 25
"""The critic warms up before each of this many first generator updates ..."""
EVERY_UPDATES = 500
"""... and again before each generator update whose number is a multiple of this."""
CRITIC_UPDATES = 100
"""Critic updates in a warm-up. All three numbers are from martinarjovsky/WassersteinGAN, main.py."""


def warms_up(config: TrainConfig, generator_updates: int) -> bool:
    """Whether the critic warms up before the next generator update, if `generator_updates` have been done."""
    return config.critic_warmup == "original" and (generator_updates < FIRST_UPDATES or generator_updates % EVERY_UPDATES == 0)


def critic_updates_before(config: TrainConfig, generator_updates: int) -> int:
    """Number of critic updates before the next generator update, if `generator_updates` have been done."""
    return CRITIC_UPDATES if warms_up(config, generator_updates) else config.n_critic


def generator_updates_within(config: TrainConfig) -> int:
    """Number of generator updates within `max_steps` critic updates; about, where n_critic has a schedule."""
    if is_scheduled(config, "n_critic"):
        return _within_updates(config) if config.schedule_updates else _within_a_schedule(config)
    steps, n = config.max_steps, config.n_critic
    if config.critic_warmup == "none":
        return steps // n
    steps_of_first, usual_until_every = FIRST_UPDATES * CRITIC_UPDATES, (EVERY_UPDATES - FIRST_UPDATES) * n
    if steps < steps_of_first:
        return steps // CRITIC_UPDATES
    # First the rest of the first EVERY_UPDATES updates, then rounds of one update after a warm-up and EVERY_UPDATES - 1 after n_critic.
    if steps < steps_of_first + usual_until_every:
        return FIRST_UPDATES + (steps - steps_of_first) // n
    rounds, rest = divmod(steps - steps_of_first - usual_until_every, CRITIC_UPDATES + (EVERY_UPDATES - 1) * n)
    return EVERY_UPDATES + EVERY_UPDATES * rounds + (0 if rest < CRITIC_UPDATES else 1 + (rest - CRITIC_UPDATES) // n)


def mean_n_critic(config: TrainConfig) -> float:
    """Critic updates per generator update, without a warm-up; over the whole run, where n_critic has a schedule."""
    if not is_scheduled(config, "n_critic"):
        return config.n_critic
    return config.max_steps / max(1, generator_updates_within(config.model_copy(update={"critic_warmup": "none"})))


_PARTS = 1000


def _within_a_schedule(config: TrainConfig) -> int:
    """The same with a schedule of n_critic, part by part of the run; without what a warm-up takes away."""
    part = config.max_steps / _PARTS
    return int(sum(part / value_at(config, "n_critic", int((index + 0.5) * part)) for index in range(_PARTS)))


def _within_updates(config: TrainConfig) -> int:
    """The same with a schedule of n_critic over generator updates, part by part of the schedule, and at its last value after that."""
    parts = min(_PARTS, config.schedule_updates)
    part, left, updates = config.schedule_updates / parts, float(config.max_steps), 0.0
    for index in range(parts):
        # A part of a single update has the value at its beginning, a longer one nearly that of its middle.
        needed = part * value_when(config, "n_critic", (index + (part - 1) / (2 * part)) / parts)
        if needed > left:
            return int(updates + left / needed * part)
        left, updates = left - needed, updates + part
    return int(updates + left / config.n_critic_end)
