"""How many critic updates come before each generator update: n_critic, or more where the critic warms up as in the WGAN authors' code."""

from __future__ import annotations

from wgan_core.config import TrainConfig

FIRST = 25
"""Generator updates at the start before which the critic warms up ..."""
EVERY = 500
"""... and again before each generator update whose number is a multiple of this."""
CRITIC_UPDATES = 100
"""Critic updates of a warm-up. The three numbers are those of martinarjovsky/WassersteinGAN, main.py."""


def warms_up(config: TrainConfig, generator_updates: int) -> bool:
    """Whether the critic warms up before the next generator update, after `generator_updates` of them."""
    return config.critic_warmup == "original" and (generator_updates < FIRST or generator_updates % EVERY == 0)


def critic_updates_before(config: TrainConfig, generator_updates: int) -> int:
    """Critic updates between generator update number `generator_updates`, counted from 0 as none, and the next."""
    return CRITIC_UPDATES if warms_up(config, generator_updates) else config.n_critic


def generator_updates_within(config: TrainConfig) -> int:
    """Generator updates in `max_steps` critic updates."""
    steps, n = config.max_steps, config.n_critic
    if config.critic_warmup == "none":
        return steps // n
    steps_of_first, usual_until_every = FIRST * CRITIC_UPDATES, (EVERY - FIRST) * n
    if steps < steps_of_first:
        return steps // CRITIC_UPDATES
    # The rest of the first EVERY, then rounds of one after a warm-up and EVERY - 1 as usual.
    if steps < steps_of_first + usual_until_every:
        return FIRST + (steps - steps_of_first) // n
    rounds, rest = divmod(steps - steps_of_first - usual_until_every, CRITIC_UPDATES + (EVERY - 1) * n)
    return EVERY + EVERY * rounds + (0 if rest < CRITIC_UPDATES else 1 + (rest - CRITIC_UPDATES) // n)
