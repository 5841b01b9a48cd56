"""What a gradient penalty makes of the critic's slope, for each Lipschitz method that is one.

All take the slope at random points between real and generated samples, except R1, which takes it at the real ones. The critic's loss gets
λ times the mean over these points.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu

OfSlope = Callable[[Tensor], Tensor]
"""A function of slopes ‖∇f‖ [n], for each of them."""


@dataclass(frozen=True)
class Penalty:
    """A gradient penalty."""

    of_slope: OfSlope
    """What a slope costs."""
    derivative: OfSlope
    """Its derivative by the slope, in the products and the order in which autograd computes it."""
    at_real: bool = False
    """Whether the slope is taken at the real samples."""


PENALTIES: types.MappingProxyType[str, Penalty] = types.MappingProxyType(
    {
        # WGAN-GP, arXiv 1704.00028, algorithm 1: any slope but 1 costs.
        "gradient-penalty": Penalty(lambda slope: (slope - 1).square(), lambda slope: 2 * (slope - 1)),
        # WGAN-LP, arXiv 1709.08894: only slopes above 1 cost, as a Lipschitz constant of 1 asks for no more.
        "one-sided-penalty": Penalty(lambda slope: relu(slope - 1).square(), lambda slope: 2 * relu(slope - 1)),
        # R1, arXiv 1801.04406, equation 9: λ/2 ‖∇f‖² at real samples, so that a critic which has nothing left to tell becomes flat there.
        "r1-penalty": Penalty(lambda slope: slope.square() / 2, lambda slope: slope, at_real=True),
        # WGAN-div, arXiv 1712.01026, equation 9 with its best power, 6. Its λ, called k there, is 2.
        "divergence-penalty": Penalty(lambda slope: slope.pow(6), lambda slope: 6 * slope.pow(5)),
    }
)
"""By the setting `lipschitz`."""
