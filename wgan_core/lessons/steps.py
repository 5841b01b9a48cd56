"""The steps of every lesson. Imports PyTorch."""

from __future__ import annotations

from wgan_core.lessons import clipping, curve, distance, gan, gradient_penalty, landscape, n_critic, noise, pictures
from wgan_core.lessons.step import Step

STEPS: dict[str, tuple[Step, ...]] = {
    "noise": noise.STEPS,
    "distance": distance.STEPS,
    "landscape": landscape.STEPS,
    "clipping": clipping.STEPS,
    "n-critic": n_critic.STEPS,
    "curve": curve.STEPS,
    "gradient-penalty": gradient_penalty.STEPS,
    "pictures": pictures.STEPS,
    "gan": gan.STEPS,
}
"""By the names of `catalog.LESSONS`."""
