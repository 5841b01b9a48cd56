"""Small sums that several tests need."""

from __future__ import annotations

import base64

import numpy as np
from torch import nn

from wgan_core.data.toy import FILE_LIMIT, Points


def parameter_count(network: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())


def drawing_to_text(points: Points) -> str:
    """The inverse of `drawing.from_text`, to the nearest of 256 × 256 places."""
    places = np.rint((np.clip(points / FILE_LIMIT, -1, 1) + 1) / 2 * 255).astype(np.uint8)
    return base64.urlsafe_b64encode(places.tobytes()).decode().rstrip("=")
