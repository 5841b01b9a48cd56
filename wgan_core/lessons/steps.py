"""The steps of every lesson. Imports PyTorch."""

from __future__ import annotations

from wgan_core.lessons import clipping
from wgan_core.lessons.step import Step

STEPS: dict[str, tuple[Step, ...]] = {
    "clipping": clipping.STEPS,
}
"""By the names of `catalog.LESSONS`."""
