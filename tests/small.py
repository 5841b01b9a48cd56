"""The settings of runs that take no time."""

from __future__ import annotations

from wgan_core.config import TrainConfig

# Digits at 8 px and networks that train thousands of steps a second.
SMALL = TrainConfig(
    image_size=8,
    latent_dim=6,
    generator_widths=(16, 24),
    critic_widths=(24, 12),
    batch_size=16,
    n_critic=3,
    critic_lr=1e-3,
    generator_lr=1e-3,
    clip_value=0.05,
    max_steps=60,
    device="cpu",
    threads=1,
    log_every=1,
)
# The same on points in the plane.
SMALL_ON_POINTS = SMALL.replace(dataset="two-lines", latent_dim=2, generator_norm="none", generator_widths=(16,), critic_widths=(16,))
ENDLESS = 10**9  # steps: such a run trains until it is stopped
